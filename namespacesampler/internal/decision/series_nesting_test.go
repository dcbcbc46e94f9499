// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// M2: of rising rates each keeps what the one below kept, and its share within six standard deviations. The input is fixed,
// so the bound holds always or never.
func TestKeptSeriesNestAndAreTheRatesShare(t *testing.T) {
	const n = 50_000
	rates := []float64{0, 0.001, 0.01, 0.1, 1. / 3, 0.5, 0.9, 1}
	counts := make([]int, len(rates))
	point := pcommon.NewMap()
	for i := range n {
		point.PutInt("pod", int64(i))
		randomness := hasher.Point(1, point).Randomness()
		before := false
		for j, probability := range rates {
			keep := mustRate(t, probability, 14).Threshold.ShouldSample(randomness)
			require.False(t, before && !keep, "%v drops what a lower rate keeps", probability)
			if before = keep; keep {
				counts[j]++
			}
		}
	}
	for j, p := range rates {
		assert.InDelta(t, p*n, counts[j], 6*math.Sqrt(n*p*(1-p)), "at the rate %v", p)
	}
}

// M4: series that differ in their missing namespaces alone are one at every level; what is like one elsewhere is not.
func TestWhichNamespacesAreMissing(t *testing.T) {
	with := func(change func(*series)) Series {
		s := sample()
		change(&s)
		return s.identity(t)
	}
	none := sample().identity(t)
	for _, missing := range []string{"", "unknown"} {
		assert.Equal(t, none, with(func(s *series) { s.point["namespace"] = missing }))
		assert.Equal(t, none, with(func(s *series) { s.scope["namespace"] = missing }))
		assert.Equal(t, none, with(func(s *series) { s.resource["namespace"] = missing }))
	}
	assert.NotEqual(t, none, with(func(s *series) { s.point["namespace"] = "Unknown" }))
	assert.NotEqual(t, none, with(func(s *series) { s.point["other"] = "unknown" }))
	assert.NotEqual(t, none, with(func(s *series) { s.resource["namespace"] = "payments" }))
	assert.NotEqual(t,
		with(func(s *series) { s.point["namespace"] = "payments" }),
		with(func(s *series) { s.point["namespace"] = "orders" }))
}

// TestSimilarSeriesAreDecidedIndependently: one step of a counter changes half of the randomness' bits, whatever the type.
func TestSimilarSeriesAreDecidedIndependently(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 56))
	const n = 20_000
	for name, put := range map[string]func(m pcommon.Map, i int64){
		"int":    func(m pcommon.Map, i int64) { m.PutInt("k", i) },
		"double": func(m pcommon.Map, i int64) { m.PutDouble("k", math.Float64frombits(uint64(i))) },
		"bytes": func(m pcommon.Map, i int64) {
			m.PutEmptyBytes("k").FromRaw([]byte{byte(i >> 16), byte(i >> 8), byte(i)})
		},
		"slice": func(m pcommon.Map, i int64) { m.PutEmptySlice("k").AppendEmpty().SetInt(i) },
		"map":   func(m pcommon.Map, i int64) { m.PutEmptyMap("k").PutInt("a", i) },
	} {
		changed := 0
		for range n {
			i := rng.Int64N(1 << 23)
			a, b := pcommon.NewMap(), pcommon.NewMap()
			put(a, i)
			put(b, i+1)
			if (hasher.Point(1, a)^hasher.Point(1, b))>>63 == 1 {
				changed++
			}
		}
		assert.InDelta(t, n/2, changed, 6*math.Sqrt(n)/2, "the highest bit of neighbours of type %s", name)
	}
}
