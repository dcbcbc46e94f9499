// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheSeriesThatWasQuietForLongestIsForgotten(t *testing.T) { // R7
	m := newTracked(3)
	for key := range uint64(3) {
		_, forgotten := m.add(key, isNumber)
		require.Zero(t, forgotten)
	}
	require.NotNil(t, m.find(0)) // heard of again
	_, forgotten := m.add(3, isNumber)
	assert.Equal(t, 1, forgotten)
	assert.Nil(t, m.find(1))
	for _, key := range []uint64{0, 2, 3} {
		assert.NotNil(t, m.find(key), key)
	}
}

func TestAHistogramCountsItsBucketsAndTwo(t *testing.T) { // R7
	m := newTracked(10)
	e, _ := m.add(1, 4)
	require.NotNil(t, e)
	assert.Equal(t, 6, m.numbers)
	_, forgotten := m.add(2, 3)
	assert.Equal(t, 1, forgotten, "five more are too many")
	assert.Equal(t, 5, m.numbers)
	e, forgotten = m.add(3, 9)
	assert.Nil(t, e, "it is too large for any room")
	assert.Zero(t, forgotten)
}

// The memory agrees with a simple model, whatever is done to it.
func TestTrackedAgreesWithAModel(t *testing.T) {
	const most = 60
	sizes := []uint16{isNumber, isNumber, 3, 6, isKept}
	for seed := range uint64(50) {
		r, m := rand.New(rand.NewPCG(seed, 0)), newTracked(most)
		type modelled struct {
			key   uint64
			size  uint16
			value uint64
		}
		var model []modelled // the newest last
		numbers := func() (n int) {
			for _, e := range model {
				n += cost(e.size)
			}
			return n
		}
		at := func(key uint64) int {
			for i, e := range model {
				if e.key == key {
					return i
				}
			}
			return -1
		}
		for range 3000 {
			key := r.Uint64N(100)
			i, e := at(key), m.find(key)
			require.Equal(t, i >= 0, e != nil)
			if i >= 0 {
				found := model[i]
				model = append(append(model[:i:i], model[i+1:]...), found)
				require.Equal(t, found.value, e.value)
				require.Equal(t, found.size, e.size)
				if e.size != isNumber && e.size != isKept {
					for _, n := range m.histogram(e) {
						require.Equal(t, found.value, n)
					}
				}
				if r.IntN(3) == 0 {
					m.remove(key)
					model = model[:len(model)-1]
				}
				continue
			}
			added := modelled{key, sizes[r.IntN(len(sizes))], r.Uint64()}
			forgotten := 0
			for numbers()+cost(added.size) > most {
				model, forgotten = model[1:], forgotten+1
			}
			e, n := m.add(key, added.size)
			require.Equal(t, forgotten, n)
			e.value = added.value
			if added.size != isNumber && added.size != isKept {
				for i := range m.histogram(e) {
					m.histogram(e)[i] = added.value
				}
			}
			model = append(model, added)
			require.Equal(t, numbers(), m.numbers)
			require.Equal(t, len(model), m.entries)
		}
	}
}
