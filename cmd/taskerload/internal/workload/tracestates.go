// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// incomingState is the tracestate that a trace arrives with: empty for nearly all, and for a small share each of the
// kinds that a head sampler, a foreign vendor or a broken propagator leaves.
func incomingState(rng *rand.Rand, id pcommon.TraceID) string {
	// One draw each whatever the outcome, so that a changed share does not move every later identifier.
	p, rv := rng.IntN(1000), explicitRandomness(rng)
	sampledAtHalf := id[9] >= 0x80 // R ≥ 80000000000000
	switch {
	case p < 10:
		return "congo=t61"
	case p < 20:
		return "ot=rv:" + rv
	case p < 40 && sampledAtHalf:
		return "ot=th:8" // a head sampler kept this one at 50 %
	case p < 50 && sampledAtHalf:
		return "congo=t61,ot=th:8,rojo=00f0"
	case p >= 995 && !sampledAtHalf:
		return "ot=th:f" // cannot be true: nothing with this randomness passes such a threshold
	case p >= 990 && p < 995:
		return "ot=th:zz,congo=t61" // does not parse
	}
	return ""
}

func explicitRandomness(rng *rand.Rand) string {
	const digits = "0123456789abcdef"
	var b [14]byte
	for i := range b {
		b[i] = digits[rng.IntN(16)]
	}
	return string(b[:])
}
