// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"slices"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// inspection is what of a runtime can be seen over HTTP.
type inspection struct {
	rt      *runtime
	sampler decision.SpanSampler
}

var _ inspect.Source = (*inspection)(nil)

func newInspection(rt *runtime) *inspection { return &inspection{rt: rt, sampler: rt.newSpanSampler()} }

// Config implements inspect.Source. What it shows is an explicit list of what is safe to show, never a dump that secrets are taken out
// of.
func (i *inspection) Config() (c inspect.Config) {
	cfg, rates := i.rt.cfg, i.rt.rates.inForce()
	t := &c.Common.Telemetry
	t.Enabled = true
	t.DryRun = cfg.DryRun
	t.Namespace = inspect.Namespace{Attributes: cfg.Namespace.Attributes, MissingValues: listed(cfg.Namespace.MissingValues)}
	t.Tracing = inspect.Tracing{
		Enabled:           cfg.Tracing.Enabled,
		Sampler:           string(cfg.Tracing.Sampler),
		Mode:              string(cfg.Tracing.Mode),
		SamplingPrecision: cfg.Tracing.SamplingPrecision,
		SampleRate:        rates.spans.Global().Probability,
		Namespaces:        rates.spans.Overrides(),
		AlwaysKeep:        listed(cfg.Tracing.AlwaysKeep),
		HonorPriority:     cfg.Tracing.HonorPriority,
	}
	t.Metrics = inspect.Metrics{
		Enabled: cfg.Metrics.Enabled,
		Detailed: inspect.Detailed{
			Enabled:    cfg.Metrics.Detailed.Enabled,
			SampleRate: cfg.detailedRate(),
			Match:      listed(cfg.Metrics.Detailed.Match),
		},
		Namespaces:   rates.points.Overrides(),
		By:           string(cfg.Metrics.By),
		RescaleDelta: cfg.Metrics.RescaleDelta,
		Exemplars:    string(cfg.Metrics.Exemplars),
	}
	t.Spans.Internal = inspect.Internal{Enabled: cfg.Spans.Internal.Enabled, Match: listed(cfg.Spans.Internal.Match)}
	if cfg.Postgres.HasValue() {
		pg := cfg.Postgres.Get()
		t.Postgres = &inspect.Postgres{
			Layout: string(pg.Layout), Lookups: []string{}, Wait: pg.Wait.String(), OnFailure: string(pg.OnFailure),
		}
		for _, lookup := range pg.layout().Lookups {
			t.Postgres.Lookups = append(t.Postgres.Lookups, lookup.Attribute)
		}
	}
	return c
}

// detailedRate returns the global rate of data points that was inherited or set, whether detailed metrics are enabled or not.
func (c *Config) detailedRate() float64 {
	if c.Metrics.Detailed.SampleRate != nil {
		return *c.Metrics.Detailed.SampleRate
	}
	return c.SampleRate
}

// listed returns a list that JSON shows as [] where it is empty.
func listed(list []string) []string { return append([]string{}, list...) }

// Namespaces implements inspect.Source.
func (i *inspection) Namespaces() inspect.Namespaces {
	labels, rates := i.rt.labels.all(), i.rt.rates.inForce()
	n := inspect.Namespaces{
		Namespaces: make([]inspect.Row, len(labels)),
		None:       sumsOf(i.rt.labels.none),
		Other:      sumsOf(i.rt.labels.other),
		State:      inspect.State{Postgres: i.rt.postgresState()},
	}
	for at, l := range labels {
		spans, points := rates.spans.Lookup(l.name), rates.points.Lookup(l.name)
		n.Namespaces[at] = inspect.Row{
			Name:       l.name,
			Configured: spans.Rule == rate.Exact || points.Rule == rate.Exact,
			LastSeen:   l.lastSeen(),
			Traces:     inspect.Signal{Rate: shownRate(spans), Counts: countsOf(l, spanItems)},
			Metrics:    inspect.Signal{Rate: shownRate(points), Counts: countsOf(l, pointItems)},
		}
	}
	slices.SortFunc(n.Namespaces, func(a, b inspect.Row) int { return strings.Compare(a.Name, b.Name) })
	return n
}

func sumsOf(l *label) inspect.Sums {
	return inspect.Sums{LastSeen: l.lastSeen(), Traces: countsOf(l, spanItems), Metrics: countsOf(l, pointItems)}
}

func countsOf(l *label, k itemKind) inspect.Counts {
	return inspect.Counts{Kept: l.seen[k].counts[kept].Load(), Dropped: l.seen[k].counts[dropped].Load()}
}

func shownRate(m *rate.Match) inspect.Rate {
	r := inspect.Rate{SampleRate: m.Probability, Rule: string(m.Rule), Pattern: m.Pattern, Source: string(m.Source)}
	if !m.ExpiresAt.IsZero() {
		r.ExpiresAt = &m.ExpiresAt
	}
	return r
}

// postgresState returns nil where there is no Postgres to be asked.
func (rt *runtime) postgresState() *inspect.PostgresState {
	if !rt.cfg.Postgres.HasValue() {
		return nil
	}
	down, since := rt.health.state()
	state := &inspect.PostgresState{Reachable: !down}
	if !since.IsZero() {
		state.Since = &since
	}
	return state
}
