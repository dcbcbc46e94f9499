// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"encoding/hex"
	"math/rand/v2"
	"time"
)

// Each part of the load has its own random stream, so that a change to one part does not change the others.
const (
	streamTasks uint64 = iota + 1
	streamSpans
	streamSeries
	streamCuts
	streamFailures
	streamWorkflows
	streamWorkflowSpans
	streamWorkflowSeries
	streamRecords
	streamGrowing
)

func newStream(seed, stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, stream))
}

func pick[T any](rng *rand.Rand, choices ...T) T {
	return choices[rng.IntN(len(choices))]
}

func fill(rng *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
}

// newUUID makes a version 7 UUID: milliseconds, version, variant and random bits.
func newUUID(rng *rand.Rand, at time.Time) string {
	var b [16]byte
	ms := uint64(at.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	fill(rng, b[6:])
	b[6] = 0x70 | b[6]&0x0f
	b[8] = 0x80 | b[8]&0x3f

	text := make([]byte, 0, 36)
	for i, part := range [][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, part)
	}
	return string(text)
}
