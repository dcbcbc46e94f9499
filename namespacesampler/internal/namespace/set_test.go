// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// textKey returns the nth of many distinct keys of text.
func textKey(n int) Key { return Key{text: fmt.Sprintf("order-%d", n), kind: 1} }

// TestASetIsWhatAMapWouldBe, over batches of all sizes, with keys of two kinds and two formats.
func TestASetIsWhatAMapWouldBe(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var s Set
	for range 200 {
		numbers, inOrder := map[Key]int32{}, []Key{}
		for range rng.IntN(2000) {
			key := uuidKey(rng.IntN(500))
			switch rng.IntN(3) {
			case 0:
				key.kind = 2
			case 1:
				key = textKey(rng.IntN(500))
			}
			want, ok := numbers[key]
			if !ok {
				want = int32(len(inOrder))
				numbers[key], inOrder = want, append(inOrder, key)
			}
			require.Equal(t, want, s.Number(&key))
		}
		require.Equal(t, len(inOrder), len(s.Keys()))
		require.Equal(t, inOrder, append([]Key{}, s.Keys()...))
		s.Reset()
		require.Empty(t, s.Keys())
	}
}

// TestKeysWithTheSameHashAreTwo, or a task would have the namespace of another.
func TestKeysWithTheSameHashAreTwo(t *testing.T) {
	seen, met := map[uint32]Key{}, 0
	for i := range 400_000 {
		key := uuidKey(i)
		if other, ok := seen[key.hash()]; ok {
			var s Set
			require.Equal(t, int32(0), s.Number(&other))
			require.Equal(t, int32(1), s.Number(&key))
			met++
		}
		seen[key.hash()] = key
	}
	require.Positive(t, met, "of 400,000 some 19 have the hash of another")
}

func TestASetThatIsEmptyHoldsNoTelemetry(t *testing.T) {
	var s Set
	key := textKey(1)
	s.Number(&key)
	s.Reset()
	assert.Zero(t, s.keys[:1][0])
}

func TestKeysOfLongAgoAreNotFound(t *testing.T) {
	var s Set
	first, second := uuidKey(1), uuidKey(2)
	s.Number(&first)
	s.round = math.MaxUint32 // as after so many batches
	s.keys = s.keys[:0]
	s.Number(&first)
	s.Reset()
	assert.Equal(t, int32(0), s.Number(&second), "the places of the first round do not count")
	assert.Equal(t, int32(1), s.Number(&first))
}

func TestASetNeedsNoMemoryOnceItHasSome(t *testing.T) {
	var s Set
	keys := make([]Key, 1000)
	for i := range keys {
		keys[i] = uuidKey(i)
	}
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		for i := range keys {
			s.Number(&keys[i])
		}
		s.Reset()
	}))
}

// BenchmarkSet numbers 1,000 distinct keys, beside a map.
func BenchmarkSet(b *testing.B) {
	keys := make([]Key, 1000)
	for i := range keys {
		keys[i] = uuidKey(i)
	}
	report := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(keys)), "ns/key")
	}
	b.Run("of=set", func(b *testing.B) {
		var s Set
		for b.Loop() {
			for i := range keys {
				s.Number(&keys[i])
			}
			s.Reset()
		}
		report(b)
	})
	b.Run("of=map", func(b *testing.B) {
		numbers := map[Key]int32{}
		for b.Loop() {
			for _, key := range keys {
				if _, ok := numbers[key]; !ok {
					numbers[key] = int32(len(numbers))
				}
			}
			clear(numbers)
		}
		report(b)
	})
}
