// SPDX-License-Identifier: Apache-2.0

package main

import "go.opentelemetry.io/collector/pdata/pcommon"

// pointOutcome is what must become of a data point.
type pointOutcome struct {
	keep        bool
	randomness  uint64
	label, rule string
	via         string
	rate        float64
	write       string // the namespace that a kept point gets; empty: its attributes stay as they are
}

const seriesPrecision = 14

// point decides a point of a metric whose identity above the point is given.
func (o *oracle) point(metric uint64, item, scope, resource pcommon.Map) pointOutcome {
	draw := randomness(o.identity.point(metric, item))
	r := o.resolve(item, scope, resource)
	if r.named == "" && !carriesLookup(item, scope, resource) {
		return pointOutcome{keep: true, randomness: draw, label: labelPassed, rule: rulePassed, via: r.via(), rate: 1}
	}
	rate, rule := o.metrics.of(r.namespace())
	out := pointOutcome{
		keep:       threshold(rate, seriesPrecision).Unsigned() <= draw,
		randomness: draw,
		label:      r.label(),
		via:        r.via(),
		rule:       rule,
		rate:       rate,
	}
	// M5: a missing value stays as it is; to write over it could make two series one.
	if !carries(namespaceAttribute, item, scope, resource) {
		out.write = r.resolved
	}
	return out
}

func carriesLookup(levels ...pcommon.Map) bool {
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
