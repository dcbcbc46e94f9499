// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// health tells the collector, and the log, whether Postgres can be asked: on a change only (C7, C8).
type health struct {
	logger *zap.Logger

	mu    sync.Mutex
	hosts []component.Host // of all instances
	down  bool
	broke bool // the circuit breaker is not closed

	// What anybody was answered last, lookups or not.
	unreachable bool
	since       time.Time // when it first was so after the opposite; zero before Postgres was asked
}

// A database that comes and goes all the time is said to, at most maxRepeats times in each repeatsWithin.
const (
	maxRepeats    = 5
	repeatsWithin = time.Minute
)

func newHealth(logger *zap.Logger) *health {
	return &health{logger: logger.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, repeatsWithin, maxRepeats, 0)
	}))}
}

func (h *health) addHost(host component.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hosts = append(h.hosts, host)
}

// asked takes the result of a lookup.
func (h *health) asked(err error) {
	if errors.Is(err, context.Canceled) {
		return // we are shutting down
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(err)
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

// breakerChanged says when the circuit breaker opens, and when it closes; not each time that it tries in between. Of the
// component's status there is nothing to add: it opens after failures, and closes with a load that went well.
func (h *health) breakerChanged(state namespace.BreakerState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case state == namespace.Open && !h.broke:
		h.broke = true
		h.logger.Info("the circuit breaker opens: no batch waits for Postgres, and one load at a time tries it after each " +
			"postgres::circuit_breaker::cooldown")
	case state == namespace.Closed && h.broke:
		h.broke = false
		h.logger.Info("the circuit breaker closes: batches wait for Postgres again")
	}
}

// heard takes the result of asking Postgres for something that no item waits for. It says nothing of lookups, whose statements are
// others.
func (h *health) heard(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(err)
}

func (h *health) note(err error) {
	if changed := h.unreachable != (err != nil); changed || h.since.IsZero() {
		h.unreachable, h.since = err != nil, time.Now()
	}
}

// state reports whether Postgres answered when it was last asked for anything, and since when it is so; zero before it was asked.
func (h *health) state() (reachable bool, since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.unreachable, h.since
}
