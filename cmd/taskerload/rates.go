// SPDX-License-Identifier: Apache-2.0

package main

import "maps"

const (
	ruleExact  = "exact"
	ruleGlobal = "global"
	rulePassed = "passed"
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
	r := rates{global: 1, exact: map[string]float64{}}
	if c.SampleRate != nil {
		r.global = *c.SampleRate
	}
	if own != nil {
		r.global = *own
	}
	maps.Copy(r.exact, c.Namespaces)
	maps.Copy(r.exact, ownExact)
	return r
}

func (c *samplerConfig) missingValues() []string {
	if c.Namespace.MissingValues == nil {
		return []string{"", "unknown"}
	}
	return *c.Namespace.MissingValues
}

func (c *samplerConfig) precision() int {
	if c.Tracing.Precision == nil {
		return 4
	}
	return *c.Tracing.Precision
}
