// SPDX-License-Identifier: Apache-2.0

package main

import "go.opentelemetry.io/collector/pdata/pcommon"

const seriesPrecision = 14

// point decides a point of a metric whose identity above the point is given, and says by which key it is looked up.
func (o *oracle) point(metric uint64, item, scope, resource pcommon.Map) (out outcome, key string) {
	draw := randomness(o.identity.point(metric, item))
	r := o.resolve(item, scope, resource)
	if o.metrics.highest() == 0 && !o.keepsOnFailure && r.key != "" { // no answer could change anything
		r = resolution{key: r.key, spared: true}
	}
	if r.named == "" && !carriesLookup(item, scope, resource) {
		return outcome{
			heading: heading{labelPassed, rulePassed, 1},
			keep:    true, randomness: draw, rate: 1, rule: rulePassed, via: r.via(),
		}, ""
	}
	rate, rule := o.metrics.of(r.namespace())
	out = outcome{
		heading:    o.metrics.heading(r.label(), r.namespace()),
		keep:       threshold(rate, seriesPrecision).Unsigned() <= draw,
		randomness: draw,
		rate:       rate,
		namespace:  r.namespace(),
		rule:       rule,
		via:        r.via(),
	}
	// M5: a missing value stays as it is; to write over it could make two series one.
	if !carries(namespaceAttribute, item, scope, resource) {
		out.write = r.resolved
	}
	if r.spared {
		return out, ""
	}
	return out, r.key
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
