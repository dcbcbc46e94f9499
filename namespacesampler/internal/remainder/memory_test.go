// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A million dropped series take no more memory than there is for them: 80 bytes each, and 8 a bucket.
func TestTheMemoryOfDroppedSeries(t *testing.T) {
	const series, buckets = 1_000_000, 15
	for _, tt := range []struct {
		name string
		size uint16
		most float64
	}{
		{"sums", isNumber, 80}, {"histograms", buckets, 80 + 8*buckets},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		before := heap()
		m := newTracked(series * (2 + buckets))
		for range series {
			m.add(r.Uint64(), tt.size)
		}
		each := float64(heap()-before) / series
		t.Logf("%s: %.1f bytes each", tt.name, each)
		assert.LessOrEqual(t, each, tt.most, tt.name)
		runtime.KeepAlive(m)
	}
}

func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
