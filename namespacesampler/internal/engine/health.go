// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// health reports to the collector, and to the log, whether Postgres can be asked: on changes only (C7, C8).
type health struct {
	logger      *zap.Logger
	outage      outage
	unavailable func() int64 // the number of keys that could not be looked up since start

	mu            sync.Mutex
	hosts         []component.Host // of all instances
	isDown        bool             // the last lookup failed
	downSince     time.Time        // when the first lookup failed
	unavailableAt int64            // unavailable keys at the last lookup that did not fail
	isBreakerOpen bool             // or half open

	// The result of the last request of any kind, and since when results are like that; zero if there was no request yet.
	isUnreachable bool
	since         time.Time
}

// Flapping is logged at most maxRepeats times in each repeatInterval.
const (
	maxRepeats     = 5
	repeatInterval = time.Minute
)

func newHealth(logger *zap.Logger, o outage, unavailable func() int64) *health {
	return &health{logger: limited(logger), outage: o, unavailable: unavailable}
}

// limited returns a logger that logs each message at most maxRepeats times in each repeatInterval.
func limited(logger *zap.Logger) *zap.Logger {
	return logger.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, repeatInterval, maxRepeats, 0)
	}))
}

func (h *health) addHost(host component.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hosts = append(h.hosts, host)
}

// lookedUp takes the result of a lookup.
func (h *health) lookedUp(err error) {
	if errors.Is(err, context.Canceled) {
		return // shutting down
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(err)
	before := h.unavailableAt
	if err == nil {
		h.unavailableAt = h.unavailable()
	}
	if h.isDown == (err != nil) {
		return
	}
	h.isDown = err != nil
	event := componentstatus.NewEvent(componentstatus.StatusOK)
	if h.isDown {
		h.downSince = time.Now()
		h.logger.Warn("Postgres cannot be asked; what is cached still applies", zap.Error(err), zap.Strings("meanwhile", h.outage.meanwhile))
		event = componentstatus.NewRecoverableErrorEvent(err)
	} else {
		h.logger.Info("Postgres answers again", zap.Float64("after_seconds", time.Since(h.downSince).Seconds()),
			zap.Int64("unavailable_keys", h.unavailableAt-before))
	}
	for _, host := range h.hosts {
		componentstatus.ReportStatus(host, event)
	}
}

// isOutage reports whether an outage is logged that has not ended.
func (h *health) isOutage() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.isDown
}

// asked takes the result of a request that is not a lookup. It logs nothing, since lookups use other statements.
func (h *health) asked(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(err)
}

func (h *health) note(err error) {
	if changed := h.isUnreachable != (err != nil); changed || h.since.IsZero() {
		h.isUnreachable, h.since = err != nil, time.Now()
	}
}

// breakerChanged logs when the circuit breaker opens and when it closes, but not its attempts in between. It does not report a
// status: the breaker opens after failed lookups and closes after a successful one, which do.
func (h *health) breakerChanged(state namespace.BreakerState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case state == namespace.Open && !h.isBreakerOpen:
		h.isBreakerOpen = true
		h.logger.Warn("the circuit breaker has opened: no batch waits for Postgres; one lookup tries it after each postgres::circuit_breaker::cooldown",
			zap.Float64("retry_every_seconds", h.outage.retry.Seconds()))
	case state == namespace.Closed && h.isBreakerOpen:
		h.isBreakerOpen = false
		h.logger.Info("the circuit breaker has closed: batches wait for Postgres again")
	}
}

// state reports whether Postgres answered the last request, and since when that has been so; null if there was no request yet.
func (h *health) state() *inspect.PostgresState {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &inspect.PostgresState{}
	if h.since.IsZero() {
		return s
	}
	s.Reachable, s.Since = new(!h.isUnreachable), new(h.since.UTC().Truncate(time.Millisecond))
	if h.isUnreachable {
		s.UnavailableKeys = h.unavailable() - h.unavailableAt
	}
	return s
}
