// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// decision is the decision about a span.
type decision struct {
	keep       bool
	randomness uint64
	tracestate string  // of a kept span
	weight     float64 // see SpanOutcome
}

// decide follows T1, T2, T4 to T8, T11 and G3 in mode equalizing. The workflow is empty unless it decides, which needs a
// tracestate that is not [sampledBefore].
func decide(id pcommon.TraceID, raw, workflow string, rate float64, precision int) decision {
	own := threshold(rate, precision)
	random := sampling.TraceIDToRandomness(id)
	if workflow != "" {
		random = toRandomness(WorkflowRandomness(workflow))
	}
	state, err := sampling.NewW3CTraceState(raw)
	if err != nil { // T8: decided as if it were empty; the tracestate is not changed
		return decision{keep: own.ShouldSample(random), randomness: random.Unsigned(), tracestate: raw}
	}
	ot := state.OTelValue()
	if explicit, ok := ot.RValueRandomness(); ok {
		random = explicit
	}
	arriving, stamped := ot.TValueThreshold()
	d := decision{keep: own.ShouldSample(random), randomness: random.Unsigned(), tracestate: raw, weight: 1}
	inconsistent := stamped && !arriving.ShouldSample(random)
	switch {
	case inconsistent:
		d.weight = 0
	case stamped:
		d.weight = arriving.AdjustedCount()
	}
	switch {
	case rate == 1: // T5: the tracestate is not changed
	case inconsistent: // T7
		ot.ClearTValue()
		d.tracestate = serialize(&state)
	case !stamped || sampling.ThresholdGreater(own, arriving): // T6
		if workflow != "" {
			ot.SetRValue(random)
		}
		if err := ot.UpdateTValueWithSampling(own); err != nil {
			panic(err) // fails only for a lower threshold
		}
		d.tracestate = serialize(&state)
	}
	return d
}

// threshold of a rate. Rates without a threshold are refused by the processor and when its configuration is read here.
func threshold(rate float64, precision int) sampling.Threshold {
	if rate == 0 {
		return sampling.NeverSampleThreshold
	}
	t, err := sampling.ProbabilityToThresholdWithPrecision(rate, precision)
	if err != nil {
		panic(fmt.Sprintf("rate %v: %v", rate, err))
	}
	return t
}

func serialize(state *sampling.W3CTraceState) string {
	var b strings.Builder
	if err := state.Serialize(&b); err != nil {
		panic(err) // a strings.Builder does not fail
	}
	return b.String()
}

// AdjustedCount is the number of spans that a span with this tracestate represents: the inverse of its sampling
// probability, or 0 if the tracestate is malformed.
func AdjustedCount(raw string) float64 {
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
