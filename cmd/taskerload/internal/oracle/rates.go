// SPDX-License-Identifier: Apache-2.0

package main

import "maps"

const (
	ruleExact  = "exact"
	ruleGlobal = "global"
	rulePassed = "passed"
	ruleTrace  = "trace"
)

// rates are those of one signal.
type rates struct {
	global float64
	exact  map[string]float64
}

// of a namespace; the empty one stands for none.
func (r rates) of(namespace string) (rate float64, rule string) {
	if rate, listed := r.exact[namespace]; listed && namespace != "" {
		return rate, ruleExact
	}
	return r.global, ruleGlobal
}

// highest rate of any namespace.
func (r rates) highest() float64 {
	highest := r.global
	for _, rate := range r.exact {
		highest = max(highest, rate)
	}
	return highest
}

func (c *samplerConfig) traceRates() rates {
	return newRates(c, c.Tracing.SampleRate, c.Tracing.Namespaces)
}

func (c *samplerConfig) metricRates() rates {
	r := newRates(c, c.Metrics.Detailed.SampleRate, c.Metrics.Namespaces)
	if isFalse(c.Metrics.Detailed.Enabled) {
		r.global = 0
	}
	return r
}

// newRates lays the signal's own over the shared ones.
func newRates(c *samplerConfig, own *float64, ownExact overrides) rates {
	r := rates{global: orElse(own, orElse(c.SampleRate, 1)), exact: map[string]float64{}}
	maps.Copy(r.exact, c.Namespaces)
	maps.Copy(r.exact, ownExact)
	return r
}

func (c *samplerConfig) missingValues() []string {
	return orElse(c.Namespace.MissingValues, []string{"", "unknown"})
}

func (c *samplerConfig) precision() int {
	return orElse(c.Tracing.Precision, 4)
}
