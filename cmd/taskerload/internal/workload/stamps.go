// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

// stamps are what earlier samplers have written to a record: strings, numbers by mistake, or nil.
type stamps struct{ threshold, randomness any }

// firstTierThreshold is that of the first tier of collectors, which keeps half of everything.
const firstTierThreshold = "8"

// newStamps returns the stamps of a record of the trace: those of a first tier; or, by a draw of 0 to 999, what another sampler or a fault
// has left. Samplers that decide otherwise than for the rest of a workflow have decided about foreign traces only. A record without a
// trace ID has no threshold without a randomness.
func (t *trace) newStamps(rng *rand.Rand, draw int, inTrace bool) stamps {
	own := newRandomness(rng) // always drawn, so that a changed share does not change later identifiers
	if t.randomness != "" {
		return stamps{firstTierThreshold, t.randomness}
	}
	switch {
	case draw < 4:
		return stamps{threshold: "zz"} // malformed
	case draw < 7:
		return stamps{firstTierThreshold, "12345"}
	case draw < 10:
		return stamps{threshold: 50} // a percentage
	case draw < 13:
		return stamps{threshold: "", randomness: 7}
	case draw < 16:
		return stamps{threshold: "0"} // kept by a sampler that keeps everything
	case !t.isForeign:
		return stamps{}
	case draw < 20:
		return stamps{randomness: own}
	case draw < 24:
		return stamps{"4", "4" + own[1:]} // barely true
	case draw < 28:
		return stamps{"8", "f" + own[1:]}
	case draw < 32:
		return stamps{"f", "c" + own[1:]} // false
	case !inTrace:
		return stamps{}
	case draw < 40 && t.id[9] >= 0x80: // R ≥ 80000000000000
		return stamps{threshold: "8"}
	case draw < 46 && t.id[9] < 0xf0:
		return stamps{threshold: "f"} // false: the trace ID does not pass it
	}
	return stamps{}
}

func (s stamps) write(attributes pcommon.Map) {
	put(attributes, items.ThresholdAttribute, s.threshold)
	put(attributes, items.RandomnessAttribute, s.randomness)
}

func put(attributes pcommon.Map, name string, value any) {
	switch v := value.(type) {
	case string:
		attributes.PutStr(name, v)
	case int:
		attributes.PutInt(name, int64(v))
	}
}
