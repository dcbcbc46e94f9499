// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// TestExplanationsAgreeWithDecide holds for any span: the decision is Decide's, and it is that of the two numbers shown (T1).
func TestExplanationsAgreeWithDecide(t *testing.T) {
	states := []string{
		"", "x=y", "ot=th:8", "ot=th:c,x=y", "ot=th:ffffffffffffff", "ot=rv:00000000000000", "ot=rv:ffffffffffffff;th:c", "ot=th:zz", "x:y",
	}
	for _, mode := range Modes {
		sampler := NewSampler(mode, 4)
		for range 20_000 {
			var id pcommon.TraceID
			for i := range id {
				id[i] = byte(rand.Uint32())
			}
			state := states[rand.IntN(len(states))]
			r, err := rate.New([]float64{0, 0.01, 0.25, 0.5, 0.9, 1, rand.Float64()}[rand.IntN(7)], 4)
			require.NoError(t, err)
			d, e := sampler.Decide(id, state, &r), sampler.Explain(id, state, &r)
			require.Equal(t, d.Keep, e.Keep, "%s %q at %v", id, state, r.Probability)
			require.Equal(t, d.Fault, e.Fault)
			require.Equal(t, e.Keep, e.Threshold.ShouldSample(e.Randomness), "%s %q at %v, %s", id, state, r.Probability, mode)
			require.False(t, e.Drawn)
		}
	}
}

func TestWithoutRandomnessTheDecisionCannotBeForeseen(t *testing.T) { // T9
	half, err := rate.New(0.5, 4)
	require.NoError(t, err)
	sampler := NewSampler(Equalizing, 4)
	assert.True(t, sampler.Explain(pcommon.TraceID{}, "", &half).Drawn)
	assert.False(t, sampler.Explain(pcommon.TraceID{}, "", &half).HasRandomness)
	assert.False(t, sampler.Explain(pcommon.TraceID{}, "ot=rv:ffffffffffffff", &half).Drawn)
	for _, r := range []*rate.Rate{&rate.Always, &rate.Never} {
		e := sampler.Explain(pcommon.TraceID{}, "", r)
		assert.False(t, e.Drawn)
		assert.Equal(t, r.IsAlways(), e.Keep)
	}
}

func TestDigitsOfThresholds(t *testing.T) {
	for probability, want := range map[float64]string{0: "never", 1: "0", 0.5: "8", 0.1: "e666", 0.01: "fd70a"} {
		r, err := rate.New(probability, 4)
		require.NoError(t, err)
		assert.Equal(t, want, Digits(r.Threshold))
	}
}
