// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// uuidKey returns the nth of many distinct keys.
func uuidKey(n int) Key {
	var uuid [16]byte
	binary.BigEndian.PutUint64(uuid[:], uint64(n)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(uuid[8:], uint64(n))
	return Key{form: FormatUUID, uuid: uuid}
}

// BenchmarkResolveCached resolves 1,000 keys that the cache has.
func BenchmarkResolveCached(b *testing.B) {
	source := &fakeSource{}
	r := newTestResolver(b, testConfig(), source)
	keys, answers := make([]Key, 1_000), make([]Answer, 1_000)
	for i := range keys {
		keys[i] = uuidKey(i)
		r.cache.put(keys[i], Answer{Name: fmt.Sprintf("namespace-%d", i%50), Outcome: Resolved})
	}
	b.ReportAllocs()
	for b.Loop() {
		if counts := r.Resolve(b.Context(), keys, answers); counts.Hits != 1_000 {
			b.Fatal(counts)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1_000, "ns/key")
}

// BenchmarkResolveCachedParallel is the same for as many batches at once as there are processors.
func BenchmarkResolveCachedParallel(b *testing.B) {
	r := newTestResolver(b, testConfig(), &fakeSource{})
	keys := make([]Key, 1_000)
	for i := range keys {
		keys[i] = uuidKey(i)
		r.cache.put(keys[i], Answer{Name: "payments", Outcome: Resolved})
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		answers := make([]Answer, len(keys))
		for pb.Next() {
			r.Resolve(b.Context(), keys, answers)
		}
	})
}

func TestResolveFromTheCacheAllocatesNothing(t *testing.T) {
	r := newTestResolver(t, testConfig(), &fakeSource{})
	keys, answers := []Key{uuidKey(1), uuidKey(2)}, make([]Answer, 2)
	r.Resolve(t.Context(), keys, answers)
	for _, key := range keys {
		r.cache.put(key, Answer{Name: "payments", Outcome: Resolved})
	}
	var counts Counts
	allocs := testing.AllocsPerRun(1_000, func() { counts = r.Resolve(t.Context(), keys, answers) })
	assert.Equal(t, 2, counts.Hits)
	assert.Less(t, allocs, 0.1) // the cache's own maintenance allocates now and then
}
