// SPDX-License-Identifier: Apache-2.0

package samplertest

import "runtime"

// LiveHeap returns the bytes of live objects.
func LiveHeap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
