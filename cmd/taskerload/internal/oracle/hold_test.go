// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func holdingOracle() *Oracle {
	o := keepingOracle()
	o.config.Hold = true
	return o
}

// request is one of several with spans of a trace: what becomes of its spans, and of those that waited for it.
type request struct {
	asked   []ask
	want    []string
	decided []string
	keys    int
}

func TestSpansWaitForARequestThatNamesTheirTrace(t *testing.T) { // T19
	t.Parallel()
	for name, requests := range map[string][]request{
		"by a name": {
			{[]ask{bare, bare}, []string{"held, else _none dropped by global at 0.1", "held, else _none dropped by global at 0.1"}, nil, 0},
			{[]ask{{task: inNothing}}, []string{"held, else _none dropped by global at 0.1"}, nil, 1},
			{
				[]ask{{named: "orders"}, bare},
				[]string{"orders kept by exact at 0.5", "orders kept by trace at 0.5, writes orders"},
				[]string{"orders kept by trace at 0.5, writes orders", "orders kept by trace at 0.5, writes orders", "orders kept by trace at 0.5, writes orders"},
				0,
			},
			{[]ask{bare}, []string{"orders kept by trace at 0.5, writes orders"}, nil, 0},
		},
		"by a lookup, and they are not looked up again": {
			{[]ask{{task: inNothing}}, []string{"held, else _none dropped by global at 0.1"}, nil, 1},
			{
				[]ask{{task: inAnalytics}},
				[]string{"analytics dropped by exact at 0.01"},
				[]string{"analytics dropped by trace at 0.01"},
				1,
			},
		},
		"by a failed span": {
			{[]ask{{task: inNothing}}, []string{"held, else _none dropped by global at 0.1"}, nil, 1},
			{[]ask{{failed: true}}, []string{"_none kept by always_keep_trace at 1"}, []string{"_none kept by always_keep_trace at 1"}, 0},
			{[]ask{bare}, []string{"_none kept by always_keep_trace at 1"}, nil, 0},
			{[]ask{{named: "analytics"}}, []string{"analytics kept by always_keep_trace at 1"}, nil, 0},
		},
		"by a failed span that names it": {
			{[]ask{bare}, []string{"held, else _none dropped by global at 0.1"}, nil, 0},
			{
				[]ask{{named: "analytics", failed: true}},
				[]string{"analytics kept by always_keep_trace at 1"},
				[]string{"analytics kept by always_keep_trace at 1, writes analytics"},
				0,
			},
		},
		"not if it is named": {
			{[]ask{{named: "analytics"}, bare}, []string{"analytics dropped by exact at 0.01", "analytics dropped by trace at 0.01"}, nil, 0},
			{[]ask{bare}, []string{"analytics dropped by trace at 0.01"}, nil, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := holdingOracle()
			o.ask(t, lucky, bare)
			for _, r := range requests {
				p := o.predict(t, middle, r.asked...)
				var got, decided []string
				for i := range p.Spans {
					got = append(got, answer(&p.Spans[i]))
				}
				for i := range p.Decided {
					decided = append(decided, answer(&p.Decided[i].SpanOutcome))
				}
				assert.Equal(t, r.want, got)
				assert.Equal(t, r.decided, decided)
				assert.Len(t, p.Keys, r.keys)
			}
			assert.Len(t, o.held, 1, "another trace waits")
		})
	}
}

func TestOnlySpansThatANameCouldChangeWait(t *testing.T) { // T19
	t.Parallel()
	for name, test := range map[string]struct {
		tracestate string
		inherits   bool
		lowest     float64
		isHeld     bool
	}{
		"it would get the name":                     {"", true, 1, true},
		"a lower rate would drop it":                {"", false, 0.01, true},
		"a lower rate would stamp it":               {"", false, 0.5, true},
		"a lower rate would leave it as it is":      {"ot=th:c", false, 0.5, false},
		"all rates are 1":                           {"", false, 1, false},
		"a lower rate would erase what is not true": {"ot=th:f", false, 0.5, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := holdingOracle()
			o.config.Inherit = test.inherits
			o.config.SpanRates = Rates{Global: 1, Exact: map[string]float64{"analytics": test.lowest}}
			assert.Equal(t, test.isHeld, o.mustWait(&span{trace: middle, tracestate: test.tracestate}, &trace{}))
			assert.False(t, o.mustWait(&span{trace: middle, tracestate: test.tracestate}, &trace{isKept: true}))
		})
	}
}
