// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"strings"

	"github.com/maypok86/otter/v2"
)

const (
	// maxMemoBytes bounds what a table remembers. It is enough for 14,000 names of the greatest length that patterns match, or for
	// 80,000 of 64 bytes.
	maxMemoBytes = 16 << 20
	// memoEntryBytes is about what an entry takes besides its name.
	memoEntryBytes = 128
	// cheapSteps is how many steps a match may take to cost less than remembering it.
	cheapSteps = 256
)

// memo remembers the rates of names that were matched against patterns. Names come from telemetry: the memo is bounded, and a name
// displaces another only if it is asked for more often.
type memo struct{ entries *otter.Cache[string, *Match] }

func newMemo() *memo {
	return &memo{otter.Must(&otter.Options[string, *Match]{
		MaximumWeight: maxMemoBytes,
		Weigher:       func(name string, _ *Match) uint32 { return memoEntryBytes + uint32(min(len(name), MaxMatchedBytes)) },
		Executor:      func(task func()) { task() }, // no goroutine outlives a table, and the bound is kept
	})}
}

// get returns the match of a name, which it finds if it does not remember it. It holds no lock meanwhile.
func (m *memo) get(name string, find func(name string) *Match) *Match {
	if match, ok := m.entries.GetIfPresent(name); ok {
		return match
	}
	match := find(name)
	m.entries.Set(strings.Clone(name), match) // a clone, so that the telemetry is not retained
	return match
}
