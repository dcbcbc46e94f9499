// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func number(i int) (id pcommon.SpanID) {
	binary.BigEndian.PutUint64(id[:], uint64(i))
	return id
}

// Following each cycle once for every span would take 40,000,000,000 steps.
func TestAncestorsInManyCyclesTakeLinearTime(t *testing.T) {
	t.Parallel()
	const cycles = 100_000
	self, pair := pcommon.TraceID{1}, pcommon.TraceID{2}
	o := orphans{removed: map[spanID]removed{}, internals: 2 * cycles}
	for i := 1; i <= cycles; i++ {
		o.removed[spanID{self, number(i)}] = removed{parent: number(i), isInternal: true}
		o.removed[spanID{pair, number(i)}] = removed{parent: number(i ^ 1), isInternal: true}
	}
	for i := 1; i <= cycles; i++ {
		require.True(t, o.ancestor(spanID{self, number(i)}).IsEmpty())
		o.ancestor(spanID{pair, number(i)})
	}
}

// Following a chain of 200,000 internal spans from each of its links without shortening the path would take 20,000,000,000 steps.
func TestAncestorsInALongChainTakeLinearTime(t *testing.T) {
	t.Parallel()
	const length = 200_000
	trace := pcommon.TraceID{1}
	o := orphans{removed: map[spanID]removed{}, internals: length}
	for i := range length {
		o.removed[spanID{trace, number(i + 2)}] = removed{parent: number(i + 1), isInternal: true}
	}
	for i := length; i > 0; i-- {
		require.Equal(t, number(1), o.ancestor(spanID{trace, number(i + 1)}), i)
	}
}
