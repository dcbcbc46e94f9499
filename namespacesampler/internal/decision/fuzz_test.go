// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// FuzzDecide holds decisions to what is true of any tracestate: a malformed one is left alone, others lose no member, and a
// second decision at the same rate changes nothing.
func FuzzDecide(f *testing.F) {
	for _, v := range vectors {
		id := traceID(f, v.id)
		f.Add(id[:], v.in, v.rate)
	}
	for _, in := range malformed {
		f.Add(make([]byte, 16), in, 0.5)
	}
	f.Fuzz(func(t *testing.T, idBytes []byte, in string, probability float64) {
		r, err := rate.New(probability, 4)
		if err != nil {
			return
		}
		var id [16]byte
		copy(id[:], idBytes)
		d := equalizing.Decide(id, in, &r)
		if !d.Keep {
			return
		}
		before, ok := parseTracestate(in)
		if !ok {
			assert.Equal(t, in, d.Tracestate)
			return
		}
		after, ok := parseTracestate(d.Tracestate)
		require.True(t, ok, "%q became %q", in, d.Tracestate)
		assert.Equal(t, others(in), others(d.Tracestate))
		assert.Equal(t, before.hasRandomness, after.hasRandomness)
		assert.Equal(t, before.randomness, after.randomness)
		if d.Fault == NoFault && before.hasThreshold {
			assert.GreaterOrEqual(t, after.threshold.Unsigned(), before.threshold.Unsigned(), "T5: %q became %q", in, d.Tracestate)
		}
		if d.Fault == NoFault && (id != [16]byte{} || before.hasRandomness) {
			assert.Equal(t, d, equalizing.Decide(id, d.Tracestate, &r), "once more changes nothing")
		}
	})
}

// others returns the members of a tracestate that are not ot.
func others(raw string) []string {
	return slices.DeleteFunc(slices.Collect(members(raw)), func(member string) bool {
		return member == "" || strings.HasPrefix(member, "ot=")
	})
}
