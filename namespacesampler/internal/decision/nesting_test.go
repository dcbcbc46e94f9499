// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// ladder returns rising rates of all magnitudes, from 0 by 2^-56 to 1.
func ladder(t *testing.T, rng *rand.Rand) []*rate.Rate {
	t.Helper()
	probabilities := []float64{0, 0x1p-56, 1, math.Nextafter(1, 0)}
	for range 30 {
		probabilities = append(probabilities, rng.Float64(), math.Exp2(-56*rng.Float64()))
	}
	slices.Sort(probabilities)
	rates := make([]*rate.Rate, len(probabilities))
	for i, p := range probabilities {
		rates[i] = mustRate(t, p, 4)
	}
	return rates
}

// span is what Decide is given of one.
type span struct {
	id pcommon.TraceID
	in string
}

// skewed returns a span with few or many leading ones in its randomness, so that small rates keep some, and a tracestate
// that says anything of it.
func skewed(rng *rand.Rand) span {
	id := randomTraceID(rng)
	ones := ^uint64(0) << (56 - rng.IntN(57))
	for i := range 7 {
		id[15-i] |= byte(ones >> (8 * i))
	}
	return span{id, randomTracestate(rng)}
}

// T14: going up the rates, a span that was kept stays kept, whatever it arrives with: one point where it turns.
func TestDecisionsNestAtAllMagnitudes(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 15))
	rates := ladder(t, rng)
	turns := make(map[int]bool)
	for range 3_000 {
		s := skewed(rng)
		for _, sampler := range []Sampler{equalizing, proportional} {
			keeps := make([]bool, len(rates))
			for i, r := range rates {
				keeps[i] = sampler.Decide(s.id, s.in, r).Keep
				require.Equal(t, !keeps[i], sampler.Drops(s.id, s.in, r), "%s %q at %v", s.id, s.in, r.Probability)
			}
			turn := slices.Index(keeps, true)
			turns[turn] = true
			require.NotContains(t, keeps[turn:], false, "%s %q turns twice", s.id, s.in)
		}
	}
	assert.Greater(t, len(turns), len(rates)/2, "the spans turn at few of the rates, so this shows little")
	assert.NotContains(t, turns, 0, "the rate 0 kept one")
}

// T15: deciding has no memory, so spans in any order, in any number of goroutines, come out the same.
func TestOrderDoesNotMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 15))
	rates := ladder(t, rng)
	type item struct {
		span
		r *rate.Rate
	}
	items := make([]item, 5_000)
	want := make([]Span, len(items))
	for i := range items {
		items[i] = item{skewed(rng), rates[rng.IntN(len(rates))]}
		want[i] = proportional.Decide(items[i].id, items[i].in, items[i].r)
	}
	var wg sync.WaitGroup
	for range 4 {
		order := rng.Perm(len(items))
		wg.Go(func() {
			for _, i := range order {
				assert.Equal(t, want[i], proportional.Decide(items[i].id, items[i].in, items[i].r))
			}
		})
	}
	wg.Wait()
}
