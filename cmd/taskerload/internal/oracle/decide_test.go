// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func traceID(t *testing.T, digits string) (id pcommon.TraceID) {
	t.Helper()
	b, err := hex.DecodeString(strings.Repeat("0", 32-len(digits)) + digits)
	require.NoError(t, err)
	copy(id[:], b)
	return id
}

func TestDecisionsAgreeWithTheVectors(t *testing.T) {
	t.Parallel()
	const a = "4bf92f3577b34da6a3ce929d0e0e4736"
	for _, v := range []struct {
		name, id, in string
		rate         float64
		precision    int
		keep         bool
		out          string
	}{
		{"half", a, "", 0.5, 4, true, "ot=th:8"},
		{"a tenth", a, "", 0.1, 4, false, ""},
		{"a third", a, "", 1.0 / 3, 4, true, "ot=th:aaab"},
		{"a third at full precision", a, "", 1.0 / 3, 14, true, "ot=th:aaaaaaaaaaaaac"},
		{"R equals T", "ffc0000000000000", "", 0.25, 4, true, "ot=th:c"},
		{"R is one below T", "ffbfffffffffffff", "", 0.25, 4, false, ""},
		{"a hundredth", "fd70a000000000", "", 0.01, 4, true, "ot=th:fd70a"},
		{"one below a hundredth", "fd709fffffffff", "", 0.01, 4, false, ""},
		{"least explicit randomness", a, "ot=rv:00000000000000", 0.25, 4, false, ""},
		{"greatest explicit randomness", "1", "ot=rv:ffffffffffffff", 0.25, 4, true, "ot=rv:ffffffffffffff;th:c"},
		{"arriving threshold is higher", a, "ot=th:c", 0.5, 4, true, "ot=th:c"},
		{"arriving threshold is lower", a, "ot=th:8", 0.25, 4, true, "ot=th:c"},
		{"other members keep their order", a, "congo=t61,ot=th:8,rojo=00f0", 0.25, 4, true, "ot=th:c,congo=t61,rojo=00f0"},
		{
			"other fields stay", a, "ot=th:8;rv:ce929d0e0e4736;xx:1,congo=t61,rojo=00f0", 0.25, 4, true,
			"ot=rv:ce929d0e0e4736;th:c;xx:1,congo=t61,rojo=00f0",
		},
		{"least rate, kept", "ffffffffffffff", "", 1.0 / (1 << 56), 14, true, "ot=th:ffffffffffffff"},
		{"least rate, dropped", "fffffffffffffe", "", 1.0 / (1 << 56), 14, false, ""},
		{"explicit randomness without trace ID", "0", "ot=rv:ffffffffffffff", 0.5, 4, true, "ot=rv:ffffffffffffff;th:8"},
		{"does not parse, always", a, "x:y", 1, 4, true, "x:y"},
		{"does not parse, never", a, "x:y", 0, 4, false, ""},
		{"threshold that cannot be true", a, "ot=th:f", 0.5, 4, true, ""},
		{"threshold that cannot be true, always", a, "ot=th:f", 1, 4, true, "ot=th:f"},
		{"threshold that does not parse", a, "ot=th:zz,congo=t61", 0.5, 4, true, "ot=th:zz,congo=t61"},
		{"rate 1 leaves it empty", a, "", 1, 4, true, ""},
		{"rate 1 leaves it alone", a, "congo=t61,ot=th:8", 1, 4, true, "congo=t61,ot=th:8"},
	} {
		t.Run(v.name, func(t *testing.T) {
			got := decide(traceID(t, v.id), v.in, "", v.rate, v.precision)
			assert.Equal(t, v.keep, got.keep)
			if v.keep {
				assert.Equal(t, v.out, got.tracestate)
			}
		})
	}
}

func TestWhatALowRateKeepsAHigherRateKeeps(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	for range 5000 {
		var id pcommon.TraceID
		for i := range id {
			id[i] = byte(rng.Uint32())
		}
		low, high := rng.Float64(), rng.Float64()
		if low > high {
			low, high = high, low
		}
		if decide(id, "", "", low, 4).keep {
			require.True(t, decide(id, "", "", high, 4).keep, "%v %v %s", low, high, id)
		}
	}
}

func TestASpanStandsForAsManyAsItsThresholdSays(t *testing.T) {
	t.Parallel()
	assert.InDelta(t, 1, AdjustedCount(""), 0)
	assert.InDelta(t, 1, AdjustedCount("congo=t61"), 0)
	assert.InDelta(t, 2, AdjustedCount("ot=th:8"), 0)
	assert.InDelta(t, 4, AdjustedCount("ot=rv:ffffffffffffff;th:c,congo=t61"), 0)
}
