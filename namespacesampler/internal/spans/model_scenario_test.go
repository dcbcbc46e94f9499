// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"encoding/binary"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// choices are bytes that decide what a scenario is made of. When they are used up, all further choices are the first of what there is.
type choices []byte

// of returns a number below n.
func (c *choices) of(n int) int {
	if len(*c) == 0 {
		return 0
	}
	chosen := int((*c)[0]) % n
	*c = (*c)[1:]
	return chosen
}

func (c *choices) bit() bool { return c.of(2) == 1 }

// settings chooses a configuration.
func (c *choices) settings() modelSettings {
	rates := []float64{0, 1, 0.5, 0.25, 0.875, 0.125}
	s := modelSettings{
		rates:    modelRates{global: rates[c.of(len(rates))], names: map[string]float64{}, isProportional: c.of(4) == 3},
		inherits: !c.bit(), dropsInternal: c.bit(), keepsTraces: !c.bit(), hasPriority: c.bit(),
		maxTraces: 100_000, ttl: 3 * time.Second,
	}
	for _, name := range []string{"a", "b", "p*", "c", ""}[:c.of(6)] {
		s.rates.names[name] = rates[c.of(len(rates))]
	}
	if small := c.of(6); small > 2 {
		s.maxTraces = small - 2
	}
	if c.of(3) > 0 {
		s.wait = time.Duration(1+c.of(4)) * time.Second
		s.maxSpans = []int{100_000, 1, 4, 10}[c.of(4)]
	}
	if s.hasGroups = c.bit(); s.hasGroups {
		c.groupSettings(&s)
	}
	return s
}

// yaml returns the configuration as the collector decodes it.
func (s *modelSettings) yaml() map[string]any {
	namespaces := map[string]any{}
	for name, rate := range s.rates.names {
		namespaces[name] = rate
	}
	tracing := map[string]any{
		"always_keep": []any{`span.attributes["keep"] == true`}, "honor_priority": s.hasPriority,
		"trace_memory": map[string]any{"max_traces": s.maxTraces, "ttl": s.ttl.String()},
	}
	if s.rates.isProportional {
		tracing["mode"] = "proportional"
	}
	if s.keepsTraces {
		tracing["always_keep_traces"] = []any{isError}
	}
	if s.wait > 0 {
		tracing["hold"] = map[string]any{"wait": s.wait.String(), "max_spans": s.maxSpans}
	}
	settings := map[string]any{
		"sample_rate": s.rates.global, "namespaces": namespaces, "namespace": map[string]any{"inherit": s.inherits}, "tracing": tracing,
	}
	if s.dropsInternal {
		settings["spans"] = map[string]any{"internal": map[string]any{"match": []any{"span.kind == SPAN_KIND_INTERNAL"}}}
	}
	if s.hasGroups {
		settings["consistent_by"] = []any{groupAttribute}
	}
	if s.isSingly {
		tracing["sampler"] = "trace_id_ratio"
	}
	return settings
}

// randomnesses are around thresholds of the rates, and none.
var randomnesses = []uint64{
	1, whole - 1, whole / 2, whole/2 - 1, whole / 4 * 3, whole/4*3 - 1, whole / 8, whole/8*7 - 1, whole / 8 * 7, 0,
}

// modelTraceID returns one of few traces. Two of each randomness differ in their upper half.
func modelTraceID(n int) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[8:], randomnesses[n/2])
	id[0] = byte(1 + n%2)
	return id
}

const modelTraces = 20

// modelTraceless is the trace ID of spans that have none.
var modelTraceless pcommon.TraceID

// spans chooses the spans of a batch. The first has the number n. A small memory of traces is followed only one trace at a time, since the
// rules leave open which trace of a batch was seen first.
func (c *choices) spans(n int, s *modelSettings) []modelSpan {
	spans := make([]modelSpan, 1+c.of(12))
	id := modelTraceID(c.of(modelTraces))
	resource, resources := 0, c.surroundings(s)
	for i := range spans {
		switch what := c.of(8); {
		case what == 7:
			id = pcommon.TraceID{}
		case what > 3 && s.maxTraces > modelTraces:
			id = modelTraceID(c.of(modelTraces))
		}
		resource = (resource + c.of(5)/4) % resources
		spans[i] = modelSpan{
			n: n + i, trace: id, resource: resource, priority: -1, isRoot: c.of(6) == 5,
			namespace: []string{"", "", "", "", "unknown", "a", "b", "c", "p1", "other"}[c.of(10)],
		}
		switch special := c.of(24); special {
		case 23, 22:
			spans[i].failed = true
		case 21, 20:
			spans[i].isInternal = true
		case 19:
			spans[i].isInternal, spans[i].failed = true, true
		case 18:
			spans[i].alwaysKept = true
		case 17, 16:
			spans[i].priority = special - 16
		}
		spans[i].state = c.state()
		if s.hasGroups {
			c.group(&spans[i], s)
		}
	}
	return spans
}

func (c *choices) state() (s modelState) {
	what := c.of(32)
	if what < 16 {
		return s
	}
	if what == 31 {
		s.isMalformed = true
		return s
	}
	s.hasThreshold, s.hasRandomness, s.hasVendor, s.after = what&1 > 0, what&2 > 0, what&4 > 0, what&8 > 0
	if s.hasThreshold {
		s.threshold = whole / 8 * uint64(c.of(8))
	}
	if s.hasRandomness {
		s.randomness = randomnesses[c.of(len(randomnesses))]
	}
	return s
}
