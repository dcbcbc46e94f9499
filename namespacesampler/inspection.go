// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// inspection is what of a runtime can be seen over HTTP.
type inspection struct {
	rt      *runtime
	sampler decision.SpanSampler
	lookups lookups
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
	registry := i.rt.registered()
	n := inspect.Namespaces{
		Namespaces: i.rows(registry),
		Overrides:  i.rt.shownOverrides(),
		DryRun:     i.rt.cfg.DryRun,
		Enabled:    inspect.Enabled{Traces: i.rt.cfg.Tracing.Enabled, Metrics: i.rt.cfg.Metrics.Enabled},
		None:       sumsOf(i.rt.labels.none),
		Other:      sumsOf(i.rt.labels.other),
		State:      i.rt.state(),
	}
	if registry.Enabled {
		n.Registry = &inspect.Registry{ReadAt: shownTime(registry.ReadAt), Error: shownError(registry.Err)}
	}
	return n
}

// rows returns the namespaces that were seen, are registered, or are configured, in the order of their names.
func (i *inspection) rows(registry registryView) []inspect.Row {
	rates := i.rt.rates.inForce()
	names := append(rates.names(), registry.Names...)
	labels := i.rt.labels.all()
	for name := range labels {
		names = append(names, name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	matches := i.lookups.all(rates, names)

	rows := make([]inspect.Row, len(names))
	for at, name := range names {
		spans, points := matches[at].spans, matches[at].points
		row := inspect.Row{
			Name:       name,
			Cut:        len(name) > namespace.MaxShownBytes,
			Configured: spans.Rule == rate.Exact || points.Rule == rate.Exact,
			Traces:     inspect.Signal{Rate: shownRate(spans)},
			Metrics:    inspect.Signal{Rate: shownRate(points)},
		}
		if !registry.ReadAt.IsZero() {
			_, registered := slices.BinarySearch(registry.Names, name)
			row.Registered = &registered
		}
		if l, ok := labels[name]; ok {
			row.LastSeen = l.lastSeen()
			row.Traces.Counts, row.Metrics.Counts = countsOf(l, spanItems), countsOf(l, pointItems)
		}
		rows[at] = row
	}
	return rows
}

func sumsOf(l *label) inspect.Sums {
	return inspect.Sums{LastSeen: l.lastSeen(), Traces: countsOf(l, spanItems), Metrics: countsOf(l, pointItems)}
}

func countsOf(l *label, k itemKind) inspect.Counts {
	return inspect.Counts{Kept: l.seen[k].counts[kept].Load(), Dropped: l.seen[k].counts[dropped].Load()}
}

func shownRate(m *rate.Match) inspect.Rate {
	return inspect.Rate{
		SampleRate: m.Probability, Rule: string(m.Rule), Pattern: m.Pattern, Source: string(m.Source), ExpiresAt: shownTime(m.ExpiresAt),
	}
}

// shownOverrides returns the overrides in force, by their keys.
func (rt *runtime) shownOverrides() []inspect.Override {
	views := rt.overridesInForce()
	slices.SortStableFunc(views, func(a, b overrideView) int { return strings.Compare(a.Key, b.Key) })
	overrides := make([]inspect.Override, len(views))
	for i, o := range views {
		overrides[i] = inspect.Override{
			Key: o.Key, Signal: o.Signal, SampleRate: o.SampleRate, Source: string(o.Source), ExpiresAt: shownTime(o.Until),
			Reason: o.Reason, UpdatedBy: o.UpdatedBy,
		}
	}
	return overrides
}

// maxRejectedShown bounds the rows that are shown though they are skipped.
const maxRejectedShown = 100

// state returns the state of what the processor relies on.
func (rt *runtime) state() (s inspect.State) {
	if !rt.cfg.Postgres.HasValue() {
		return s
	}
	s.Postgres = &inspect.PostgresState{}
	if reachable, since := rt.health.state(); !since.IsZero() {
		s.Postgres.Reachable, s.Postgres.Since = &reachable, shownTime(since)
	}
	if rt.resolver != nil {
		stats := rt.resolver.Stats()
		s.Cache = &inspect.CacheState{Entries: stats.Entries, MaxEntries: rt.cfg.Postgres.Get().Cache.MaxEntries}
		s.Breaker = &inspect.BreakerState{State: stats.Breaker.String()}
	}
	if read := rt.runtimeOverridesRead(); read.Enabled {
		s.RuntimeOverrides = &inspect.RuntimeOverrides{
			ReadAt: shownTime(read.ReadAt), Error: shownError(read.Err), Rejected: len(read.Rejected), RejectedRows: []inspect.RejectedRow{},
		}
		for _, r := range read.Rejected[:min(len(read.Rejected), maxRejectedShown)] {
			s.RuntimeOverrides.RejectedRows = append(s.RuntimeOverrides.RejectedRows,
				inspect.RejectedRow{Namespace: r.Namespace, Signal: r.Signal, Error: r.Reason})
		}
	}
	return s
}

// shownTime returns nil for a time that never was.
func shownTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

// shownError returns nil where there is none. What reads tables returns errors that show nothing of the DSN; no others are shown.
func shownError(err error) *string {
	if err == nil {
		return nil
	}
	text := "it cannot be read"
	var read *postgres.ReadError
	if errors.As(err, &read) {
		text = namespace.Shown(read.Error())
	}
	return &text
}
