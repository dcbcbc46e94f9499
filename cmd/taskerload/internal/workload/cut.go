// SPDX-License-Identifier: Apache-2.0

package main

import (
	"iter"
	"math/rand/v2"
	"slices"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// A trace that is cut comes in 2 to maxPieces requests, as when its services export on their own: in the order in which
// its spans ended, children first and the root last, and every piece with at least one span that has a namespace or an
// identifier. Only that: Postgres may not know the identifier, and a piece may speak of a child in another namespace.
const maxPieces = 5

// title names a run by what decides about traces.
func (s sizes) title(sampler string) string {
	if s.cut {
		return sampler + ", cut"
	}
	return sampler
}

// cutTraces yields the requests of one round, which have the piece of that number of every trace that has so many. All
// pieces of a round must have been answered before the next round begins, or nobody could say what must come out.
func cutTraces(traces iter.Seq[*trace], seed uint64, round int) iter.Seq[ptrace.Traces] {
	return inRequests(func(yield func(piece) bool) {
		rng := stream(seed, streamCuts) // from the start in every round: the cuts are the same
		for t := range traces {
			pieces := t.cut(rng)
			if round < len(pieces) && !yield(piece{t, pieces[round]}) {
				return
			}
		}
	})
}

// cut draws where a trace is cut: behind some of the spans that speak, or behind bare ones that follow those.
func (t *trace) cut(rng *rand.Rand) [][]int {
	order := inOrderOfEnd(t.plans)
	var speaking []int // positions in the order
	for position, i := range order {
		if t.plans[i].speaks() {
			speaking = append(speaking, position)
		}
	}
	// A piece ends before a speaking span that is not the first; each such span is the end of one piece at most.
	gaps := rng.Perm(max(0, len(speaking)-1))
	gaps = gaps[:min(1+rng.IntN(maxPieces-1), len(gaps))]
	slices.Sort(gaps)

	var pieces [][]int
	from := 0
	for _, gap := range gaps {
		behind, before := speaking[gap], speaking[gap+1]
		to := behind + 1 + rng.IntN(before-behind)
		pieces = append(pieces, order[from:to])
		from = to
	}
	return append(pieces, order[from:])
}
