// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// someTraces are of orders, and of the spans of each so many arrived.
func someTraces(sent int, arrived ...int) traces {
	t := traces{}
	for i, n := range arrived {
		t[pcommon.TraceID{15: byte(i)}] = &traceEntry{namespace: "orders", sent: sent, arrived: n}
	}
	return t
}

func TestTracesAreKeptWhenAnythingArrivedAndCompleteWhenAllDid(t *testing.T) {
	ts := someTraces(20, 0, 20, 1, 19, 20)
	assert.Equal(t, map[string]completeness{labelAll: {5, 4, 2}, "orders": {5, 4, 2}}, ts.count(ts))
	assert.Equal(t, map[string]completeness{labelAll: {5, 4, 2}, labelNone: {5, 4, 2}}, ts.count(traces{}), "named by another run")
	assert.Zero(t, ts.cutByKeys())
	for _, e := range ts {
		e.silent = true
	}
	assert.Equal(t, 2, ts.cutByKeys())
}

func TestOneIncompleteTraceInAHundredIsEnoughToPassAndTwoAreNot(t *testing.T) {
	r := &result{title: "cut", traces: someTraces(2, append(repeated(99, 2), 1)...)}
	assert.Zero(t, judgeCut(r).faults)
	r.traces = someTraces(2, append(repeated(98, 2), 1, 1)...)
	assert.Equal(t, 2, judgeCut(r).faults)
}

func repeated(n, value int) (all []int) {
	for range n {
		all = append(all, value)
	}
	return all
}

func TestATenthOfTheKeysMayBeLookedUp(t *testing.T) {
	asked := func(keys float64) *result {
		return &result{
			spans: &book{}, points: &book{keys: 50}, before: &scrape{},
			after: &scrape{samples: []sample{
				{"lookup_keys", map[string]string{"outcome": "hit"}, keys + 50},
				{"lookup_keys", map[string]string{"outcome": "malformed"}, 5},
			}},
		}
	}
	assert.Zero(t, judgeSaved(asked(100), asked(1000)).faults)
	assert.Equal(t, 1, judgeSaved(asked(101), asked(1000)).faults)
	var out bytes.Buffer
	printSaved(&out, asked(1000), asked(250))
	assert.Contains(t, out.String(), "75.00 %")
}

func TestAFaultInOneVariantFailsTheDemo(t *testing.T) {
	r := &result{title: "variant", checks: []check{{"this", 0, ""}, {"that", 3, "there"}, {"nothing", 0, ""}}}
	assert.Equal(t, check{"variant: everything is exactly as expected there too", 3, "that (there)"}, r.summary())
}
