// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"iter"
	"math/rand/v2"
	"slices"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// maxPieces is the largest number of pieces that a trace is cut into.
const maxPieces = 5

// cutTraces yields the requests of one round: the piece with that number of every trace that has so many pieces. A round
// may start only when all requests of the one before are answered, because the processor's decisions depend on the order
// in which the pieces arrive.
func cutTraces(traces iter.Seq[*trace], seed uint64, round int) iter.Seq[ptrace.Traces] {
	return inRequests(func(yield func(piece) bool) {
		rng := newStream(seed, streamCuts) // restarted for every round, so that the cuts are the same
		for t := range traces {
			pieces := t.cut(rng)
			if round < len(pieces) && !yield(piece{t, pieces[round]}) {
				return
			}
		}
	})
}

// cut divides the trace into 2 to maxPieces pieces, as if its services exported separately. The spans are in the order in
// which they ended: children first, the root last. Every piece holds a span with a namespace or a lookup key, though
// Postgres may not know the key, and the namespace may be that of a child task.
func (t *trace) cut(rng *rand.Rand) [][]int {
	order := inOrderOfEnd(t.plan)
	var identified []int // positions in order
	for position, i := range order {
		if t.plan[i].identified() {
			identified = append(identified, position)
		}
	}
	// Each cut is between two consecutive identified spans.
	gaps := rng.Perm(max(0, len(identified)-1))
	gaps = gaps[:min(1+rng.IntN(maxPieces-1), len(gaps))]
	slices.Sort(gaps)

	var pieces [][]int
	from := 0
	for _, gap := range gaps {
		before, after := identified[gap], identified[gap+1]
		to := before + 1 + rng.IntN(after-before)
		pieces = append(pieces, order[from:to])
		from = to
	}
	return append(pieces, order[from:])
}
