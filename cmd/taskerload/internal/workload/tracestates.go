// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// newTracestate returns the tracestate of a trace. It is empty for most traces. The others have what a head sampler,
// another vendor or a broken propagator leaves.
func newTracestate(rng *rand.Rand, id pcommon.TraceID) string {
	// Both values are always drawn, so that a changed share does not change later identifiers.
	p, rv := rng.IntN(1000), newRandomness(rng)
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
		return "ot=th:f" // inconsistent: this randomness does not pass the threshold
	case p >= 990 && p < 995:
		return "ot=th:zz,congo=t61" // malformed
	}
	return ""
}

func newRandomness(rng *rand.Rand) string {
	const digits = "0123456789abcdef"
	var b [14]byte
	for i := range b {
		b[i] = digits[rng.IntN(16)]
	}
	return string(b[:])
}
