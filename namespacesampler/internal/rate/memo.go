// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"strings"

	"github.com/maypok86/otter/v2"
)

const (
	// maxMemoBytes bounds what is remembered for a list of patterns; two tables have at most four. It is enough for 7,000 names of the
	// greatest length that patterns match, or for 40,000 of 64 bytes.
	maxMemoBytes = 8 << 20
	// memoEntryBytes is about what an entry takes besides its name.
	memoEntryBytes = 128
)

// memo remembers the first pattern that matches a name, by its index. Names come from telemetry: the memo is bounded, and a name
// displaces another only if it is asked for more often.
type memo struct{ entries *otter.Cache[string, int] }

func newMemo() *memo {
	return &memo{otter.Must(&otter.Options[string, int]{
		MaximumWeight: maxMemoBytes,
		Weigher:       func(name string, _ int) uint32 { return memoEntryBytes + uint32(min(len(name), MaxMatchedBytes)) },
		Executor:      func(task func()) { task() }, // no goroutine outlives a memo, and the bound is kept
	})}
}

// get returns the index for a name, which it finds if it does not remember it. It holds no lock meanwhile.
func (m *memo) get(name string, find func(name string) int) int {
	if i, ok := m.entries.GetIfPresent(name); ok {
		return i
	}
	i := find(name)
	m.entries.Set(strings.Clone(name), i) // a clone, so that the telemetry is not retained
	return i
}
