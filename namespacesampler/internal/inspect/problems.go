// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/recent"
)

// Problem is a fault that changes how items are sampled.
type Problem struct {
	Kind string `json:"kind"`
	// Since is when a state began that is a problem. It is null for what is counted.
	Since *time.Time `json:"since"`
	// Count is the number of faults since the start; of a state, what it has affected since it began. PerSecond are those of the last seconds.
	Count     int64   `json:"count"`
	PerSecond float64 `json:"per_second"`
	// Subject is what the problem is about, such as a lookup attribute. Error is what Postgres says.
	Subject string  `json:"subject,omitempty"`
	Error   *string `json:"error,omitempty"`
	// Consequence says in words what follows, after the number and the noun of what is counted. Setting is the configuration key that changes it.
	Consequence   string `json:"consequence"`
	Setting       string `json:"setting"`
	Documentation string `json:"documentation"` // address of a section
}

// documentation is where the pages of the documentation are.
const documentation = "https://github.com/otelcol-tasker/otelcol-tasker/blob/main/docs/"

// counted are the problems that are counted, in the order in which they are listed if none occurred lately.
var counted = []struct {
	kind problems.Kind
	Problem
}{
	{problems.UndeliveredSpans, Problem{
		Kind:          "undelivered_spans",
		Consequence:   "held spans were kept, but the next component did not take them; they are lost",
		Setting:       "tracing::hold",
		Documentation: "traces.md#holding-spans-until-their-trace-has-a-namespace",
	}},
	{problems.ForgottenTraces, Problem{
		Kind:          "forgotten_traces",
		Consequence:   "traces were forgotten while they were active, because too many are; their later spans are sampled anew, and they may be cut",
		Setting:       "tracing::trace_memory::max_traces",
		Documentation: "traces.md#the-trace-memory",
	}},
	{problems.MalformedKeys, Problem{
		Kind:          "malformed_keys",
		Consequence:   "values of lookup attributes are malformed; they are not looked up, and their items may lack a namespace",
		Setting:       "postgres::lookups",
		Documentation: "resolution.md#malformed-keys",
	}},
	{problems.UnknownKeys, Problem{
		Kind:          "unknown_keys",
		Consequence:   "keys are not in Postgres, or not yet; their items may lack a namespace",
		Setting:       "postgres::lookups",
		Documentation: "resolution.md#in-postgres",
	}},
	{problems.LateKeys, Problem{
		Kind:          "late_keys",
		Consequence:   "keys were answered after items with them had been sampled without a namespace; such traces and series may be cut",
		Setting:       "postgres::wait",
		Documentation: "traces.md#when-a-trace-stays-whole",
	}},
	{problems.NoRandomness, Problem{
		Kind:          "no_randomness",
		Consequence:   "spans or log records have trace IDs that end in seven zero bytes, which have no randomness; every rate below 100 % drops them",
		Setting:       "sample_rate",
		Documentation: "limitations.md#traces",
	}},
	{problems.TracestateFaults, Problem{
		Kind:          "tracestate_faults",
		Consequence:   "spans have a tracestate that is malformed, inconsistent or too long; backends may not be able to compute their adjusted counts",
		Setting:       "tracing::mode",
		Documentation: "traces.md#thresholds",
	}},
	{problems.RecordFaults, Problem{
		Kind:          "log_record_faults",
		Consequence:   "log records have sampling attributes that are malformed or inconsistent; backends may not be able to compute their adjusted counts",
		Setting:       "tracing::mode",
		Documentation: "logs.md#randomness-and-stamps",
	}},
	{problems.GroupOverruled, Problem{
		Kind:          "group_overruled",
		Consequence:   "spans or log records were sampled before they came here, by another randomness than that of their group; their groups may be incomplete",
		Setting:       "consistent_by",
		Documentation: "workflows.md#spans-that-were-sampled-before",
	}},
	{problems.ConditionErrors, Problem{
		Kind:          "condition_errors",
		Consequence:   "conditions could not be evaluated and did not match; the log names each condition",
		Setting:       "tracing::always_keep",
		Documentation: "traces.md#what-decides-a-span",
	}},
	{problems.ForgottenSeries, Problem{
		Kind:          "remainder_forgets",
		Consequence:   "dropped series were forgotten for others; what they grew by until their next point is missing in the remainder",
		Setting:       "metrics::remainder::max_tracked",
		Documentation: "metrics.md#limits-of-the-remainder",
	}},
	{problems.UnreadableNames, Problem{
		Kind:          "unreadable_names",
		Consequence:   "keys or namespaces in Postgres are not valid UTF-8; they are ignored, and their items may lack a namespace",
		Setting:       "postgres::dsn",
		Documentation: "resolution.md#text-encodings",
	}},
	{problems.LongNames, Problem{
		Kind:          "long_names",
		Consequence:   "namespaces in Postgres are longer than 1,024 bytes; they are ignored, and their items may lack a namespace",
		Setting:       "postgres::lookups",
		Documentation: "resolution.md#names-that-are-too-long",
	}},
	{problems.EarlyReleases, Problem{
		Kind:          "early_releases",
		Consequence:   "traces were decided before their time was up, because too many spans were held; they may be cut",
		Setting:       "tracing::hold::max_spans",
		Documentation: "traces.md#holding-spans-until-their-trace-has-a-namespace",
	}},
}

// usuallyUnknown is the share of unknown keys among those that Postgres was asked for that is no problem: telemetry can arrive before its rows are
// committed.
const usuallyUnknown = 0.01

// problemsOf returns what is wrong: states first, then what is counted, that which occurs most often now first.
func (v *View) problemsOf(n *Namespaces, w *recent.Window) []Problem {
	found := v.states(n, w)
	states := len(found)
	asked, askedEver := w.Problems(problems.AnsweredKeys)
	for i := range counted {
		c := &counted[i]
		lately, ever := w.Problems(c.kind)
		if c.kind == problems.UnknownKeys && float64(lately) <= usuallyUnknown*float64(asked) {
			if lately = 0; float64(ever) <= usuallyUnknown*float64(askedEver) {
				continue
			}
		}
		if ever > 0 {
			p := c.Problem
			p.Count, p.PerSecond = ever, w.PerSecond(lately)
			found = append(found, p)
		}
	}
	slices.SortStableFunc(found[states:], func(a, b Problem) int { return cmp.Compare(b.PerSecond, a.PerSecond) })
	for i := range found {
		found[i].Documentation = documentation + found[i].Documentation
	}
	return found
}

// states returns the states that are problems.
func (v *View) states(n *Namespaces, w *recent.Window) []Problem {
	found := []Problem{}
	lately, ever := w.Problems(problems.UnavailableKeys)
	p := n.State.Postgres
	isDown := p != nil && p.Reachable != nil && !*p.Reachable
	if isDown {
		found = append(found, Problem{
			Kind: "unavailable", Since: p.Since, Count: p.UnavailableKeys, PerSecond: w.PerSecond(lately), Consequence: v.ofOutage(n),
			Setting: "postgres::on_failure", Documentation: "failure-modes.md#what-the-processor-does",
		})
	}
	refused := v.refusedLookups(n)
	found = append(found, refused...)
	if isDown || len(refused) > 0 {
		v.troubleAt.Store(time.Now().UnixNano())
	}
	hadTrouble := time.Since(time.Unix(0, v.troubleAt.Load())).Seconds() <= w.Seconds || p != nil && p.Since != nil && time.Since(*p.Since).Seconds() <= w.Seconds
	if !isDown { // else it is the reason
		found = append(found, v.unreadableTables(n)...)
		if lately > 0 && !hadTrouble { // else they are of the outage, or of the lookup, that has just ended
			found = append(found, Problem{
				Kind: "unanswered_keys", Count: ever, PerSecond: w.PerSecond(lately), Consequence: "keys were not answered in time; " + v.onFailure(n),
				Setting: "postgres::wait", Documentation: "failure-modes.md#what-the-processor-does",
			})
		}
	}
	if o := n.State.RuntimeOverrides; o != nil && o.Rejected > 0 {
		first := o.RejectedRows[0]
		reason := fmt.Sprintf("%s: %s", cmp.Or(namespace.Shown(first.Namespace), `""`), first.Error)
		consequence := "rows of the table of runtime overrides are skipped; they change nothing"
		if o.Rejected == 1 {
			consequence = "row of the table of runtime overrides is skipped; it changes nothing"
		}
		found = append(found, Problem{
			Kind: "rows_skipped", Since: o.ReadAt, Count: int64(o.Rejected), Error: &reason, Consequence: consequence,
			Setting: "postgres::overrides", Documentation: "overrides.md#rows-that-make-no-sense",
		})
	}
	return found
}

// refusedLookups returns one problem for all lookups that the server refuses with the same error, such as a table that they share.
func (v *View) refusedLookups(n *Namespaces) (found []Problem) {
	setting := "postgres::layout"
	if v.Static.Postgres != nil && v.Static.Postgres.Layout == CustomLayout {
		setting = "postgres::lookups"
	}
	for _, l := range n.State.Lookups {
		if l.RefusedSince == nil {
			continue
		}
		same := slices.IndexFunc(found, func(p Problem) bool { return *p.Error == *l.Error })
		if same < 0 {
			found = append(found, Problem{
				Kind: "lookup_refused", Since: l.RefusedSince, Subject: l.Attribute, Error: l.Error,
				Consequence: "Postgres refuses the lookup; keys that are not cached are not resolved: " + v.onFailure(n),
				Setting:     setting, Documentation: "failure-modes.md#what-the-processor-does",
			})
			continue
		}
		p := &found[same]
		p.Subject += ", " + l.Attribute
		if l.RefusedSince.Before(*p.Since) {
			p.Since = l.RefusedSince
		}
	}
	return found
}

// unreadableTables returns the problems with tables other than those of lookups. They last since the last good read, or since the start.
func (v *View) unreadableTables(n *Namespaces) (found []Problem) {
	since := func(read *time.Time) *time.Time {
		if read == nil {
			return &v.Collector.CountingSince
		}
		return read
	}
	if o := n.State.RuntimeOverrides; o != nil && o.Error != nil {
		consequence := "runtime overrides cannot be read; those that were read last are in force, and still end on time"
		if o.ReadAt == nil {
			consequence = "runtime overrides cannot be read; none are in force"
		}
		found = append(found, Problem{
			Kind: "overrides_unreadable", Since: since(o.ReadAt), Error: o.Error, Consequence: consequence,
			Setting: "postgres::overrides", Documentation: "overrides.md#without-postgres",
		})
	}
	if r := n.Registry; r != nil && r.Error != nil {
		consequence := "registered namespaces cannot be read; those that were read last are shown, and sampling does not change"
		if r.ReadAt == nil {
			consequence = "registered namespaces cannot be read, so that none are known; sampling does not change"
		}
		found = append(found, Problem{
			Kind: "registry_unreadable", Since: since(r.ReadAt), Error: r.Error, Consequence: consequence,
			Setting: "postgres::registry", Documentation: "resolution.md#registered-namespaces",
		})
	}
	if f := n.State.Fleet; f != nil && f.Error != nil {
		consequence := "the table of the fleet cannot be used; the last rates of budgets are in force, and are lowered where more arrives"
		if f.AnsweredAt == nil {
			consequence = "the table of the fleet cannot be used; budgets are for this collector alone"
		}
		found = append(found, Problem{
			Kind: "budgets_not_shared", Since: since(f.AnsweredAt), Error: f.Error, Consequence: consequence,
			Setting: "postgres::fleet", Documentation: "fleet.md#budgets",
		})
	}
	return found
}

// ofOutage says what follows while Postgres cannot be asked.
func (v *View) ofOutage(n *Namespaces) string {
	parts := []string{"Postgres does not answer: " + v.onFailure(n)}
	if v.Groups.IsActive() {
		parts = append(parts, "groups that only Postgres knows are not found")
	}
	switch o := n.State.RuntimeOverrides; {
	case o == nil:
	case o.ReadAt == nil:
		parts = append(parts, "no runtime overrides are in force, as they have not been read yet")
	default:
		parts = append(parts, "runtime overrides are frozen, and still end on time")
	}
	switch f := n.State.Fleet; {
	case f == nil:
	case f.AnsweredAt == nil:
		parts = append(parts, "budgets are for this collector alone")
	default:
		parts = append(parts, "budgets keep their last rates, and are not shared")
	}
	return strings.Join(parts, "; ")
}

// onFailure says what happens to items that have no namespace because Postgres could not be asked.
func (v *View) onFailure(n *Namespaces) string {
	switch v.Static.Postgres.OnFailure {
	case "keep":
		return "unresolved items are all kept"
	case "drop":
		return "unresolved items are all dropped"
	}
	g := n.Global
	if spans, points, records := g.Traces.SampleRate, g.Metrics.SampleRate, g.Logs.SampleRate; spans != points || spans != records {
		return fmt.Sprintf("unresolved items take the global rates (spans %s, data points %s, log records %s)", percent(spans), percent(points), percent(records))
	}
	return "unresolved items take the global rate " + percent(g.Traces.SampleRate)
}
