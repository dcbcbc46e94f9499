// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBothModesAgreeWithTheReference also where a threshold cannot be true and where the rate is tiny: pkg/sampling parses,
// updates and serialises, and the rules say the rest (T4 to T7).
func TestBothModesAgreeWithTheReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(235, 1))
	seen := make(map[string]int)
	for range 20_000 {
		s := skewed(rng)
		probability := math.Exp2(-56 * math.Pow(rng.Float64(), 3))
		precision := 1 + rng.IntN(14)
		for _, mode := range Modes {
			want, class := byReference(t, s, mode, probability, precision)
			seen[string(mode)+" "+class]++
			got := NewSampler(mode, precision).Decide(s.id, s.in, mustRate(t, probability, precision))
			require.Equal(t, want.Keep, got.Keep, "%s: %s %q at %v", class, s.id, s.in, probability)
			require.Equal(t, want.Fault, got.Fault, "%s: %s %q at %v", class, s.id, s.in, probability)
			if want.Keep {
				require.Equal(t, want.Tracestate, got.Tracestate, "%s: %s %q at %v", class, s.id, s.in, probability)
			}
		}
	}
	for _, mode := range Modes {
		for _, class := range []string{"stamped", "dropped", "untouched", "false, kept", "false, dropped"} {
			if mode == Proportional && class == "untouched" {
				continue // only where rounding would lower a threshold
			}
			assert.Greater(t, seen[string(mode)+" "+class], 500, "%s %s", mode, class)
		}
	}
}

// byReference decides with the steps of pkg/sampling.
func byReference(t *testing.T, s span, mode Mode, probability float64, precision int) (Span, string) {
	t.Helper()
	state, err := sampling.NewW3CTraceState(s.in)
	require.NoError(t, err, "%q", s.in)
	ot := state.OTelValue()
	serialized := func() string {
		var b strings.Builder
		require.NoError(t, state.Serialize(&b))
		return b.String()
	}
	randomness, ok := ot.RValueRandomness()
	if !ok {
		randomness = sampling.TraceIDToRandomness(s.id)
	}
	threshold, err := sampling.ProbabilityToThresholdWithPrecision(probability, precision)
	require.NoError(t, err)

	arrived, stamped := ot.TValueThreshold()
	switch {
	case stamped && !arrived.ShouldSample(randomness):
		ot.ClearTValue()
		if !threshold.ShouldSample(randomness) {
			return Span{Fault: Inconsistent}, "false, dropped"
		}
		return Span{Keep: true, Tracestate: serialized(), Fault: Inconsistent}, "false, kept"
	case stamped && mode == Proportional:
		threshold, err = sampling.ProbabilityToThresholdWithPrecision(probability*arrived.Probability(), precision)
		if err != nil {
			return Span{}, "dropped"
		}
	}
	if stamped && !sampling.ThresholdGreater(threshold, arrived) {
		return Span{Keep: true, Tracestate: s.in}, "untouched"
	}
	if !threshold.ShouldSample(randomness) {
		return Span{}, "dropped"
	}
	require.NoError(t, ot.UpdateTValueWithSampling(threshold))
	return Span{Keep: true, Tracestate: serialized()}, "stamped"
}
