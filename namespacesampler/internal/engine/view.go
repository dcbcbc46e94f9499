// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
)

// view returns what the HTTP server shows.
func (e *Engine) view() *inspect.View {
	return &inspect.View{
		Static: e.cfg.Shown, Steering: e.steering, Labels: e.common.Labels, Problems: e.common.Problems,
		Memory: e.spans.Memory(), Sampler: e.cfg.Spans.Sampler, Groups: e.common.Groups,
		IsMissing: e.common.Reader.IsMissingName, State: e.state,
	}
}

// state returns the state of held spans, Postgres, cache and circuit breaker.
func (e *Engine) state() (s inspect.State) {
	if now, most, ok := e.spans.Held(); ok {
		s.Hold = &inspect.HoldState{Spans: now, MaxSpans: most}
	}
	s.Remainder = e.remainderState()
	if e.cfg.Postgres == nil {
		return s
	}
	s.Postgres = &inspect.PostgresState{}
	if reachable, since := e.health.state(); !since.IsZero() {
		since = since.UTC().Truncate(time.Millisecond)
		s.Postgres.Reachable, s.Postgres.Since = &reachable, &since
	}
	if r := e.common.Resolver; r != nil {
		stats := r.Stats()
		s.Cache = &inspect.CacheState{Entries: stats.Entries, MaxEntries: e.cfg.Postgres.Cache.MaxEntries}
		s.Breaker = &inspect.BreakerState{State: stats.Breaker.String()}
	}
	return s
}
