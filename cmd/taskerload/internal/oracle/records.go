// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

// RecordOutcome is what the processor does to a log record.
type RecordOutcome struct {
	Outcome

	// IsDrawn says that an independent draw decides. Whether the record is kept is then not known, nor is its randomness.
	IsDrawn bool

	// Stamps are written to a record that is kept. The randomness that a draw comes to is not known.
	Stamps

	// Fault is what the processor counts about the stamps that the record comes with; empty: nothing.
	Fault string

	// TraceNamespace is the namespace of the record's trace, if the processor remembers one; empty: none.
	TraceNamespace string

	// FollowsTrace says that the record is kept exactly if the spans of its trace are, where both have one rate: no other sampler has decided
	// about it or about the trace. Overruled says that one has decided about the record, and not as for the rest of its workflow.
	FollowsTrace, Overruled bool
}

// Records predicts the outcome for each log record of a request, in its order, and the keys that are looked up.
func (o *Oracle) Records(request plog.Logs) ([]RecordOutcome, Keys) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var outcomes []RecordOutcome
	keys := Keys{}
	for r := range items.Records(request) {
		outcomes = append(outcomes, o.record(r, keys))
	}
	return outcomes, keys
}

// record predicts the outcome for a record, and adds the keys that are looked up for it. Other records of the request do not matter.
func (o *Oracle) record(data items.Record, keys Keys) RecordOutcome {
	r := recordOf(data)
	r.resolution = o.resolve(data.Attributes(), data.Scope, data.Resource)
	if o.config.RatePerTrace && !r.trace.IsEmpty() {
		r.known = o.remembered[r.trace]
	}
	workflow := cmp.Or(r.known.reported, r.potentialWorkflow())
	for r.canBeAsked() {
		if r.unused = !o.recordLookupMatters(&r); !r.unused {
			keys[r.ask()] = true
		}
	}
	rate, rule := o.recordRate(&r)
	if r.known.isKept {
		rate, rule = 1, RuleAlwaysKeepTrace // L3
	}
	d := r.decide(o.recordWorkflow(&r), rate, o.config.Precision)
	if r.known.isKept || rate == 0 { // nothing needs to be read
		d.fault = ""
	}

	counted, label := r.namespace(), r.label()
	if counted == "" && r.known.namespace != "" {
		counted, label = r.known.namespace, r.known.namespace
	}
	write := r.lookedUp
	if r.namespace() == "" && o.config.Inherit {
		write = r.known.namespace // T20
	}
	return RecordOutcome{
		Outcome: Outcome{
			Group:      o.config.RecordRates.group(label, counted),
			Source:     r.source(),
			Workflow:   workflow,
			Keep:       d.keep,
			Randomness: d.randomness,
			Rate:       rate,
			Namespace:  counted,
			Rule:       rule,
			Write:      write,
		},
		IsDrawn:        d.isDrawn,
		Stamps:         d.written,
		Fault:          d.fault,
		TraceNamespace: r.known.namespace,
		FollowsTrace:   !r.trace.IsEmpty() && !r.isSampledBefore(),
		Overruled:      r.isSampledBefore() && workflow != "" && d.randomness != WorkflowRandomness(workflow),
	}
}

// recordRate is the rate of a record and the rule that gave it: that of its namespace; in a trace that is remembered with a namespace that
// of the trace, unless the rate of the record's namespace is one of logs alone (L3). The rule is "trace" if the record's namespace is not the
// trace's, or has another rate than the trace in the table of logs.
func (o *Oracle) recordRate(r *record) (rate float64, rule string) {
	if r.known.namespace == "" {
		return o.config.RecordRates.Of(r.namespace())
	}
	name := cmp.Or(r.namespace(), r.known.namespace)
	rate, rule = o.config.RecordRates.Of(name)
	if o.config.RecordRates.isOwn(name) {
		return rate, rule
	}
	if r.namespace() != r.known.namespace || o.config.SpanRates.isOwn(name) {
		rule = RuleTrace
	}
	rate, _ = o.config.SpanRates.Of(r.known.namespace)
	return rate, rule
}

// recordWorkflow is the workflow that decides a record by what is known now; empty: its trace ID does, or a draw (L2).
func (o *Oracle) recordWorkflow(r *record) string {
	switch {
	case !o.config.ByWorkflow || r.known.overruled:
		return ""
	case r.known.namespace != "" || r.known.workflow != "":
		return r.known.workflow
	default:
		return r.workflow
	}
}

// recordLookupMatters reports whether looking up the next key of a record can change its decision, or an attribute if it is kept.
func (o *Oracle) recordLookupMatters(r *record) bool {
	isFixed := !o.config.ByWorkflow || r.isSampledBefore() || r.known.overruled || r.known.namespace != "" || o.recordWorkflow(r) != ""
	if r.named != "" {
		rate, _ := o.config.RecordRates.Of(r.named)
		return !isFixed && rate > 0 && rate < 1
	}
	if r.known.isKept {
		return true
	}
	highest := o.highestRecordRate(r)
	if !isFixed {
		return highest > 0
	}
	d := r.decide(o.recordWorkflow(r), highest, o.config.Precision)
	return d.keep || d.isDrawn
}

// highestRecordRate is the highest rate that a lookup can give a record without a namespace. In a trace that is remembered with a namespace,
// that is the rate of the trace, or one of logs alone.
func (o *Oracle) highestRecordRate(r *record) float64 {
	switch {
	case r.known.namespace != "":
		rate, _ := o.config.SpanRates.Of(r.known.namespace)
		return max(rate, o.config.RecordRates.highestOwn())
	case o.config.KeepOnFailure:
		return 1
	default:
		return o.config.RecordRates.Highest()
	}
}
