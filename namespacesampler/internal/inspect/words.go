// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"fmt"
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// words puts an explanation into words.
type words struct {
	*Explanation
	static   *Telemetry
	question Question
	// asked is the namespace of the question, empty if it counts as absent.
	asked string
	by    decider
}

// text returns the answer in English sentences.
func (w words) text() string {
	if w.Disabled != "" {
		return sentences(fmt.Sprintf("All %s are dropped, as %s is false: rates have no effect", w.nouns(), w.Disabled), w.dryRun())
	}
	return sentences(
		w.verdict(), w.missing(), w.rate(), w.budget(), w.remembered(), w.earlier(), w.comparison(), w.fault(),
		w.keepers(), w.droppers(), w.priority(), w.passing(), w.unavailable(), w.dryRun(),
	)
}

// verdict is the decision on the item, or the share of items that are kept if none can be told.
func (w words) verdict() string {
	if w.Decision != nil {
		return fmt.Sprintf("A %s%s is %s", w.noun(), w.with(), *w.Decision)
	}
	kept := w.percent() + " are kept"
	switch r := &w.by.rate.Rate; {
	case r.IsAlways():
		kept = "all are kept"
	case r.IsNever():
		kept = "none are kept"
	case w.question.Signal == MetricsSignal && w.static.Metrics.By == BySeries:
		return fmt.Sprintf("Of metric series%s, %s: all data points of a series, or none", w.with(), kept)
	case w.question.HasTraceID || w.question.Signal == MetricsSignal:
		kept += ": each is drawn at random"
	}
	return fmt.Sprintf("Of %s%s, %s", w.nouns(), w.with(), kept)
}

// with says of which items the question is.
func (w words) with() (text string) {
	var with []string
	if q := w.question; q.HasTraceID && q.Signal != MetricsSignal {
		if q.TraceID.IsEmpty() {
			with = append(with, "no trace ID")
		} else {
			with = append(with, "this trace ID")
		}
		if q.Tracestate != "" {
			with = append(with, "this tracestate")
		}
	}
	if w.question.Group != "" {
		with = append(with, "this group")
	}
	if w.asked == "" {
		with = append(with, "no namespace")
	} else {
		text = " of " + quoted(w.asked)
	}
	if len(with) > 0 {
		text += " with " + joined(with, "and")
	}
	return text
}

// missing says that a name counts as an absent namespace.
func (w words) missing() string {
	if w.asked != "" || w.question.Namespace == "" {
		return ""
	}
	return quoted(w.question.Namespace) + " counts as no namespace"
}

// rate is the rate that applies, and where it is found.
func (w words) rate() string {
	switch {
	case w.by.isKeptTrace():
		return "Its trace is kept whole, as a span of it has matched a condition in tracing::always_keep_traces"
	case w.by.trace != nil:
		return fmt.Sprintf("Its rate is %s: its trace is remembered, and keeps the rate that it began with", w.percent())
	}
	text := "Their rate is "
	if w.Decision != nil {
		text = "Its rate is "
	}
	text += w.percent()
	if w.ExpiresAt != nil {
		text += " until " + w.ExpiresAt.Format(timeFormat)
	}
	rule, reason := w.origin(w.by.rate, w.by.name)
	if w.by.name == "" && w.by.known.IsNamed() {
		reason = ", as the name of the namespace of its trace is too long to be remembered"
	}
	return text + ": " + rule + reason
}

// origin is the rule by which the rate of a namespace is found, and why no other rule is.
func (w words) origin(m *rate.Match, name string) (rule, reason string) {
	source, signals, whose := "override", "all signals", "items without a namespace"
	if m.Source == rate.RuntimeOverride {
		source = "runtime override"
	}
	if m.Signal != rate.All {
		signals = nounsOf(m.Signal) + " alone"
	}
	if name != "" {
		whose = quoted(name)
	}
	unmatched := "no override matches " + whose
	switch {
	case m.Rule == rate.Exact:
		return fmt.Sprintf("the %s of %s for %s", source, whose, signals), ""
	case m.Rule == rate.Pattern:
		return fmt.Sprintf("pattern %s, %s %s for %s", quoted(m.Pattern), article(source), source, signals), w.notNamed()
	case m.ItemsPerSecond > 0:
		return "a share of the budget that all namespaces without an override have", ", as " + unmatched
	case w.question.Signal == MetricsSignal && !w.static.Metrics.Detailed.Enabled:
		return "metrics::detailed::enabled is false", ", and " + unmatched
	case m.Signal != rate.All:
		return "the global rate of " + nounsOf(m.Signal), ", as " + unmatched
	}
	return "the global rate", ", as " + unmatched
}

// notNamed says that no override by name has come before a pattern that applies.
func (w words) notNamed() string {
	for _, a := range w.by.tried {
		if a.Rule == rate.Exact && (a.Source == rate.RuntimeOverride) == (w.by.rate.Source == rate.RuntimeOverride) {
			kind := "override"
			if a.Source == rate.RuntimeOverride {
				kind = "runtime override"
			}
			return fmt.Sprintf("; no %s names %s itself", kind, quoted(w.by.name))
		}
	}
	return ""
}

// budget is what the rate follows from.
func (w words) budget() string {
	b := w.Budget
	if b == nil {
		return ""
	}
	text := fmt.Sprintf("It follows from a budget of %s %s a second", figure(b.ItemsPerSecond, 6), w.nouns())
	if b.ArrivedPerSecond == nil {
		text += "; nothing has been counted yet"
	} else {
		text += fmt.Sprintf("; %s a second arrived in the last interval", figure(*b.ArrivedPerSecond, 6))
	}
	if b.Halvings > 0 {
		text += fmt.Sprintf("; as far more arrives now, it is lowered to 1/%s until the interval ends", figure(pow2(b.Halvings), 6))
	}
	return text
}

// remembered is what the trace is remembered with.
func (w words) remembered() string {
	trace := w.by.known.Trace
	switch {
	case trace == nil:
		return ""
	case w.by.trace == nil: // a rate for log records alone applies
		if !trace.IsNamed {
			return ""
		}
		text := "A rate for log records alone comes before that of its trace"
		if w.asked == "" && trace.Name != "" {
			text += ", of whose namespace it is: " + quoted(trace.Name)
		}
		return text
	case w.by.isKeptTrace():
		if w.RememberedNamespace == "" {
			return ""
		}
		return "The trace is remembered as one of " + quoted(trace.Name)
	case trace.IsNamed && trace.Name == "":
		return "That was the rate of a namespace whose name is too long to be remembered"
	}
	whose := "items without a namespace"
	if trace.IsNamed {
		whose = quoted(trace.Name)
	}
	rule, _ := w.origin(trace.Rate, trace.Name)
	text := fmt.Sprintf("That was the rate of %s: %s", whose, rule)
	if s := trace.Rate.Share; s != nil {
		text += fmt.Sprintf(", which followed from a budget of %s %s a second", figure(s.Budget.ItemsPerSecond, 6), nounsOf(rate.Signal(s.Budget.Signal)))
	}
	return text
}

// earlier is what an earlier sampler has left, and how the rate combines with it (T4).
func (w words) earlier() string {
	before := w.before()
	switch rate := w.by.rate.Probability; {
	case before == 1:
		return ""
	case w.isProportional():
		text := fmt.Sprintf("An earlier sampler has kept %s, of which %s are kept: %s of all", percent(before), w.percent(), percent(before*rate))
		if w.Threshold == never {
			text += ", which is too little to be expressed, so that nothing is kept"
		}
		return text
	case before <= rate:
		return fmt.Sprintf("An earlier sampler has kept %s already: no more are dropped", percent(before))
	default:
		return fmt.Sprintf("An earlier sampler has kept %s, and this one brings that down to %s", percent(before), w.percent())
	}
}

// before returns the probability that the item arrived with, as far as it matters.
func (w words) before() float64 {
	if w.Randomness == nil || w.Fault == decision.Inconsistent.String() || w.isFixed() {
		return 1
	}
	return decision.ProbabilityOf(w.question.Tracestate)
}

func (w words) isFixed() bool { return w.by.rate.IsAlways() || w.by.rate.IsNever() }

func (w words) isProportional() bool { return w.static.Tracing.Mode == string(decision.Proportional) }

// comparison is that of the threshold and the randomness.
func (w words) comparison() string {
	if w.Randomness == nil || w.isFixed() || w.Threshold == never {
		return ""
	}
	at := w.percent()
	if before, rate := w.before(), w.by.rate.Probability; before < 1 && w.isProportional() {
		at = percent(before * rate)
	} else if before < rate {
		at = percent(before)
	}
	whose := "the trace ID"
	switch decision.Source(*w.RandomnessSource) {
	case decision.FromRandomValue:
		whose = "its tracestate"
	case decision.FromGroup:
		whose = "its group"
		if w.by.known.Group.IsKnown() {
			whose = "the group of its trace"
		}
		switch {
		case w.question.Signal == MetricsSignal:
			whose += ", which decides in place of its series,"
		case w.question.HasTraceID:
			whose += ", which decides in place of the trace ID,"
		}
	}
	digits := w.Threshold + strings.Repeat("0", sampling.NumHexDigits-len(w.Threshold))
	return fmt.Sprintf("At %s, what has a randomness of %s or more is kept; that of %s is %s", at, digits, whose, *w.Randomness)
}

// fault is what is wrong with what the item tells of earlier sampling.
func (w words) fault() string {
	switch w.Fault {
	case decision.Malformed.String():
		return "The tracestate cannot be parsed: it is ignored, and left as it is"
	case decision.Inconsistent.String():
		return "The threshold in the tracestate cannot be true, as the randomness is below it: the rate alone decides"
	case decision.Limit.String():
		return "The tracestate has no room for the threshold, so that it is left as it is"
	case decision.NoRandomness.String():
		return "The trace ID has no randomness, as its last seven bytes are zero: every rate below 100 % drops it"
	case decision.GroupOverruled.String():
		return "The group does not decide, as an earlier sampler has decided by another randomness"
	}
	return ""
}

// isCertain reports whether all items of the question have a decision.
func (w words) isCertain(d labels.Decision) bool {
	if w.Decision != nil {
		return *w.Decision == d.String()
	}
	return d == labels.Kept && w.by.rate.IsAlways() || d == labels.Dropped && w.by.rate.IsNever()
}
