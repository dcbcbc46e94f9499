// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"os"
	"sync"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/recent"
)

// view returns what the HTTP server shows.
func (e *Engine) view(recently *recent.History) *inspect.View {
	return &inspect.View{
		Static: e.cfg.Shown, Steering: e.steering, Labels: e.common.Labels, Recent: recently, Collector: e.collector(),
		Memory: e.spans.Memory(), Sampler: e.cfg.Spans.Sampler, Groups: e.common.Groups,
		IsMissing: e.common.Reader.IsMissingName, State: e.state,
	}
}

// processStarted is about when the process began, and started are the processors that have been started since. A reload of the configuration
// makes everything anew, so that only what belongs to the process can tell that it was reloaded.
var (
	processStarted = time.Now()
	started        sync.Map // component.ID → struct{}
)

// problems returns the numbers of problems since the start.
func (e *Engine) problems() problems.Sums {
	sums := e.common.Problems.Sums()
	if e.points.HasRemainder() {
		sums[problems.ForgottenSeries] = e.points.Remainder().Forgotten
	}
	return sums
}

// collector returns what is known of the process.
func (e *Engine) collector() inspect.Collector {
	c := inspect.Collector{
		Component: e.id.String(), StartedAt: processStarted.UTC().Truncate(time.Millisecond),
		CountingSince: time.Now().UTC().Truncate(time.Millisecond), Reloaded: e.isReloaded,
	}
	c.Host, _ = os.Hostname() // empty if it is not known
	for key, value := range map[string]*string{
		"service.name": &c.Service, "service.version": &c.Version, "service.instance.id": &c.InstanceID,
	} {
		if v, ok := e.settings.Resource.Attributes().Get(key); ok {
			*value = v.AsString()
		}
	}
	return c
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
	s.Postgres = e.health.state()
	if e.db != nil {
		s.Lookups = inspect.LookupStates(e.db.Lookups())
	}
	if r := e.common.Resolver; r != nil {
		stats := r.Stats()
		s.Cache = &inspect.CacheState{Entries: stats.Entries, MaxEntries: e.cfg.Postgres.Cache.MaxEntries}
		s.Breaker = &inspect.BreakerState{State: stats.Breaker.String()}
	}
	return s
}
