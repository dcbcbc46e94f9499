// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCachedEntriesAreSmall holds the budget of 160 bytes an entry; the benchmark measures it at the default size.
func TestCachedEntriesAreSmall(t *testing.T) {
	perEntry := bytesPerEntry(t, 50_000)
	assert.LessOrEqual(t, perEntry, 160.0)
	assert.Greater(t, perEntry, 48.0, "a key and a name at the least: else the measurement is wrong")
}

func BenchmarkCacheMemory(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(bytesPerEntry(b, 500_000), "B/entry")
	}
}

// bytesPerEntry fills a cache with as many UUIDs as it takes and returns what is freed for each of them when it goes.
func bytesPerEntry(t testing.TB, entries int) float64 {
	c, err := newCache(CacheConfig{MaxEntries: entries, TTL: 24 * time.Hour, NegativeTTL: time.Minute})
	require.NoError(t, err)
	for i := range entries {
		c.put(uuidKey(i), Answer{Name: fmt.Sprintf("namespace-%d", i%50), Outcome: Resolved})
	}
	c.entries.CleanUp()
	require.Equal(t, entries, c.entries.EstimatedSize())
	full := heap()
	c.close()
	runtime.KeepAlive(c)
	c = nil
	freed := float64(full - heap())
	require.Positive(t, freed)
	return freed / float64(entries)
}

// heap returns the bytes of live objects. Collections go on until there is no more to free: what other tests left behind,
// such as pools, takes more than one.
func heap() int64 {
	last := int64(math.MaxInt64)
	for {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		live := int64(stats.HeapAlloc)
		if live > last-10_000 {
			return live
		}
		last = live
	}
}
