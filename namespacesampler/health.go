// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"errors"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
)

// health tells the collector, and the log, whether Postgres can be asked: on a change only (C7, C8).
type health struct {
	logger *zap.Logger

	mu    sync.Mutex
	hosts []component.Host // of all instances
	down  bool
}

func newHealth(logger *zap.Logger) *health { return &health{logger: logger} }

func (h *health) addHost(host component.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hosts = append(h.hosts, host)
}

// asked takes the result of asking Postgres.
func (h *health) asked(err error) {
	if errors.Is(err, context.Canceled) {
		return // we are shutting down
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down == (err != nil) {
		return
	}
	h.down = err != nil
	event := componentstatus.NewEvent(componentstatus.StatusOK)
	if h.down {
		h.logger.Warn("Postgres cannot be asked: items that need it take postgres::on_failure until it can", zap.Error(err))
		event = componentstatus.NewRecoverableErrorEvent(err)
	} else {
		h.logger.Info("Postgres answers again")
	}
	for _, host := range h.hosts {
		componentstatus.ReportStatus(host, event)
	}
}
