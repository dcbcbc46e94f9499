// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/recent"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// View is the Source of a running processor.
type View struct {
	// Static is what does not change while the processor runs. Rates and overrides are filled in for each answer.
	Static   Telemetry
	Steering *steering.Steering
	Labels   *labels.Set
	// Recent is what was counted lately, of Labels and of the problems.
	Recent *recent.History
	// Collector is the process.
	Collector Collector
	// Memory is nil for trace_id_ratio.
	Memory  *tracememory.Memory
	Sampler decision.Sampler
	Groups  *group.Reader
	// troubleAt is when Postgres was last seen to be unreachable, or to refuse a lookup, in Unix nanoseconds.
	troubleAt atomic.Int64
	// IsMissing reports whether a name counts as an absent namespace.
	IsMissing func(name string) bool
	// State returns the state of Postgres, cache and circuit breaker; null if the processor does not use Postgres.
	State func() State
}

var _ Source = (*View)(nil)

// Config implements Source. The answer is an explicit list of safe fields, never a dump with secrets removed.
func (v *View) Config() Config {
	tables := v.Steering.Rates.InForce()
	t := v.Static
	t.Tracing.SampleRate, t.Tracing.Namespaces = tables.Traces.Global().Probability, ratesOf(tables.Traces)
	t.Metrics.Namespaces = ratesOf(tables.Metrics)
	t.Logs.SampleRate, t.Logs.Namespaces = tables.Logs.Global().Probability, ratesOf(tables.Logs)
	return Config{Common: Common{Telemetry: t}, Collector: v.Collector}
}

// ratesOf returns the rates of overrides. Guards are left out, so that they are the same as long as the table is in force.
func ratesOf(table *rate.Table) Rates {
	rates := Rates{}
	for key, m := range table.Overrides() {
		if m.ItemsPerSecond > 0 && m.Share == nil {
			rates[key] = nil
		} else {
			rates[key] = &m.Probability
		}
	}
	return rates
}

// ConfigVersion implements Source.
func (v *View) ConfigVersion() any { return v.Steering.Rates.InForce() }

// Namespaces implements Source.
func (v *View) Namespaces(ctx context.Context) (Namespaces, error) {
	w := v.Recent.Window()
	n := Namespaces{
		Budgets:   v.budgets(),
		Collector: v.Collector,
		Sampling:  v.sampling(),
		Global:    v.globals(),
		Now:       v.now(w),
		DryRun:    v.Static.DryRun,
		Enabled:   Enabled{Traces: v.Static.Tracing.Enabled, Metrics: v.Static.Metrics.Enabled, Logs: v.Static.Logs.Enabled},
		None:      v.none(w),
		Other:     sums(v.Labels.Other(), w),
		State:     v.State(),
	}
	var registry steering.RegistryState
	if r := v.Steering.Registry; r != nil {
		registry = r.State()
		n.Registry = &Registry{ReadAt: timeOrNil(registry.ReadAt), Error: errorOrNil(registry.Err)}
	}
	if o := v.Steering.Overrides; o != nil {
		n.State.RuntimeOverrides = v.runtimeOverrides(o)
	}
	if f := v.Steering.Fleet; f != nil {
		s := f.State()
		n.State.Fleet = &FleetState{AnsweredAt: timeOrNil(s.AnsweredAt), Error: errorOrNil(s.Err), Collectors: s.Collectors}
	}
	n.Overrides, n.Changes = v.overrides(), v.changes()
	n.Problems = v.problemsOf(&n, w)
	n.Namespaces = v.rows(ctx, registry, w)
	return n, ctx.Err()
}

// rows returns the namespaces that were seen, are registered or are configured, sorted by name. It stops when ctx ends.
func (v *View) rows(ctx context.Context, registry steering.RegistryState, w *recent.Window) []Row {
	tables, seen := v.Steering.Rates.InForce(), v.Labels.All()
	names := append(tables.Names(), registry.Names...) // without the empty name, whose items are None
	for name, label := range seen {                    // some labels are reserved for names that nothing came of
		if !label.LastSeen().IsZero() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)

	rows := make([]Row, len(names))
	for i, name := range names {
		if ctx.Err() != nil {
			break
		}
		label := seen[name]
		row := Row{Name: name, Cut: len(name) > namespace.MaxShownBytes, Signals: v.signals(tables, name, label, w)}
		for _, s := range rate.Signals {
			row.Configured = row.Configured || tables.Of(s).Peek(name).Rule == rate.Exact
		}
		if !registry.ReadAt.IsZero() {
			_, registered := slices.BinarySearch(registry.Names, name)
			row.Registered = &registered
		}
		if label != nil {
			row.LastSeen = timeOrNil(label.LastSeen())
		}
		rows[i] = row
	}
	return rows
}

// none returns the items without a namespace.
func (v *View) none(w *recent.Window) None {
	label := v.Labels.None()
	return None{LastSeen: timeOrNil(label.LastSeen()), Signals: v.signals(v.Steering.Rates.InForce(), "", label, w)}
}

// signals returns the rates of a namespace, and the counts of its label, which is nil if none of its items was seen.
func (v *View) signals(tables *steering.Tables, name string, label *labels.Label, w *recent.Window) Signals {
	of := func(table *rate.Table, s labels.Signal) (out Signal) {
		match, budget := v.inForce(table.Peek(name))
		out.Rate = rateOf(match)
		out.Budget = budget
		if label != nil {
			out.Counts, out.Recent = counts(label, s), recentOf(label, s, w)
		}
		return out
	}
	return Signals{
		Traces: of(tables.Traces, labels.Spans), Metrics: of(tables.Metrics, labels.DataPoints), Logs: of(tables.Logs, labels.LogRecords),
	}
}

// global returns the rate of namespaces without an override.
func (v *View) global(table *rate.Table) Rate {
	match, budget := v.inForce(table.Global())
	r := rateOf(match)
	r.Budget = budget
	return r
}

func sums(l *labels.Label, w *recent.Window) Sums {
	of := func(s labels.Signal) Sum { return Sum{Counts: counts(l, s), Recent: recentOf(l, s, w)} }
	return Sums{
		LastSeen: timeOrNil(l.LastSeen()), Traces: of(labels.Spans), Metrics: of(labels.DataPoints), Logs: of(labels.LogRecords),
	}
}

// recentOf returns the items of a label in the window, or nil if there were none.
func recentOf(l *labels.Label, s labels.Signal, w *recent.Window) *recent.PerSecond {
	if r := w.Of(l, s); r != (recent.PerSecond{}) {
		return &r
	}
	return nil
}

func counts(l *labels.Label, s labels.Signal) Counts {
	return Counts{Kept: l.Kept(s), Dropped: l.Dropped(s)}
}

func rateOf(m *rate.Match) Rate {
	return Rate{
		SampleRate: m.Probability, Rule: string(m.Rule), Pattern: m.Pattern, Source: string(m.Source), ExpiresAt: timeOrNil(m.ExpiresAt),
	}
}

// timeOrNil returns nil for the zero time.
func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

// errorOrNil returns the message of an error. Errors of reading tables contain nothing of the DSN; others are not shown.
func errorOrNil(err error) *string {
	if err == nil {
		return nil
	}
	text := "the table cannot be read"
	var read *postgres.ReadError
	if errors.As(err, &read) {
		text = shownError(read)
	}
	return &text
}

// LookupStates returns the states of lookups as they are shown.
func LookupStates(states []postgres.LookupState) []LookupState {
	shown := make([]LookupState, len(states))
	for i, s := range states {
		shown[i] = LookupState{Attribute: s.Attribute, RefusedSince: timeOrNil(s.RefusedSince)}
		if s.Err != nil {
			shown[i].Error = new(shownError(s.Err))
		}
	}
	return shown
}

// maxErrorBytes bounds the message of an error. Names are cut shorter, but a message that is cut tells nothing.
const maxErrorBytes = 512

// shownError returns the message of an error that contains nothing of the DSN.
func shownError(err error) string {
	text := strings.ToValidUTF8(err.Error(), "\ufffd")
	if len(text) > maxErrorBytes {
		text = strings.ToValidUTF8(text[:maxErrorBytes], "") + "…"
	}
	return text
}
