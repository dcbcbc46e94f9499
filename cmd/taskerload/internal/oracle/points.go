// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

// seriesPrecision is the number of hex digits of a series' threshold.
const seriesPrecision = 14

// Points predicts the outcome for each data point of a request, in its order, and the keys that are looked up.
func (o *Oracle) Points(request pmetric.Metrics) ([]Outcome, Keys) {
	var outcomes []Outcome
	keys := Keys{}
	for p := range items.Points(request) {
		outcomes = append(outcomes, o.point(o.identity.series(p), p.Attributes, p.Scope.Attributes(), p.Resource.Attributes(), keys))
	}
	return outcomes, keys
}

// point predicts the outcome for a point of the series with this identity, and adds the keys that are looked up for it.
func (o *Oracle) point(series uint64, item, scope, resource pcommon.Map, keys Keys) (out Outcome) {
	randomness, precision := seriesRandomness(series), seriesPrecision
	r := o.resolve(item, scope, resource)
	// Every point is dropped, and not added up by namespace.
	r.unused = o.config.PointRates.Highest() == 0 && !o.config.KeepOnFailure && !o.config.Remainder && len(r.keys) > 0
	workflow := r.potentialWorkflow()
	for r.canBeAsked() {
		keys[r.ask()] = true
	}
	if o.config.ByWorkflow && r.workflow != "" { // G5, and the threshold of spans, so that the same workflows are kept (G6)
		randomness, precision = WorkflowRandomness(r.workflow), o.config.Precision
	}
	if r.named == "" && !carriesLookupAttribute(item, scope, resource) {
		return Outcome{
			Group: Group{LabelNotSampled, RulePassed, 1}, Source: r.source(),
			Keep: true, Randomness: randomness, Rate: 1, Rule: RulePassed,
		}
	}
	rate, rule := o.config.PointRates.Of(r.namespace())
	out = Outcome{
		Group:      o.config.PointRates.group(r.label(), r.namespace()),
		Source:     r.source(),
		Workflow:   workflow,
		Keep:       threshold(rate, precision).Unsigned() <= randomness,
		Randomness: randomness,
		Rate:       rate,
		Namespace:  r.namespace(),
		Rule:       rule,
	}
	// M5: a missing value is not replaced, because that could merge two series.
	if !carries(items.NamespaceAttribute, item, scope, resource) {
		out.Write = r.lookedUp
	}
	return out
}

func carriesLookupAttribute(levels ...pcommon.Map) bool {
	for _, name := range lookupAttributes {
		if carries(name, levels...) {
			return true
		}
	}
	return false
}

func carries(name string, levels ...pcommon.Map) bool {
	for _, m := range levels {
		if _, ok := m.Get(name); ok {
			return true
		}
	}
	return false
}
