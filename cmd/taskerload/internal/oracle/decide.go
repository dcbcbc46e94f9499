// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// decision about a trace ID and a tracestate at a rate.
type decision struct {
	keep       bool
	randomness uint64
	state      string // the tracestate of a kept span
	// How many spans it stands for as it came; 0 where the tracestate cannot say, in or out.
	weight float64
}

// decide follows T1, T2, T4 to T8 and T11, mode equalizing, in terms of pkg/sampling.
func decide(id pcommon.TraceID, raw string, rate float64, precision int) decision {
	own := threshold(rate, precision)
	random := sampling.TraceIDToRandomness(id)
	state, err := sampling.NewW3CTraceState(raw)
	if err != nil { // T8: the decision stands, the tracestate stays
		return decision{keep: own.ShouldSample(random), randomness: random.Unsigned(), state: raw}
	}
	ot := state.OTelValue()
	if explicit, ok := ot.RValueRandomness(); ok {
		random = explicit
	}
	arriving, stamped := ot.TValueThreshold()
	d := decision{keep: own.ShouldSample(random), randomness: random.Unsigned(), state: raw, weight: 1}
	impossible := stamped && !arriving.ShouldSample(random)
	switch {
	case impossible:
		d.weight = 0
	case stamped:
		d.weight = arriving.AdjustedCount()
	}
	switch {
	case rate == 1: // T5: not touched at all
	case impossible: // T7
		ot.ClearTValue()
		d.state = serialize(&state)
	case !stamped || sampling.ThresholdGreater(own, arriving): // T6
		if err := ot.UpdateTValueWithSampling(own); err != nil {
			panic(err) // it is greater
		}
		d.state = serialize(&state)
	}
	return d
}

func serialize(state *sampling.W3CTraceState) string {
	var b strings.Builder
	if err := state.Serialize(&b); err != nil {
		panic(err) // a builder does not fail
	}
	return b.String()
}

// adjustedCount is how many spans a received one stands for: 1/P(th).
func adjustedCount(raw string) float64 {
	if raw == "" {
		return 1
	}
	state, err := sampling.NewW3CTraceState(raw)
	if err != nil {
		return 0
	}
	if t, ok := state.OTelValue().TValueThreshold(); ok {
		return t.AdjustedCount()
	}
	return 1
}
