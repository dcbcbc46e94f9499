// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// FuzzReference holds decisions on any tracestate to pkg/sampling, wherever that takes it for well-formed: the same decision, the
// same string. What it does not take, or cuts short, is left to the rules (T8, T10), which FuzzTracestate holds.
func FuzzReference(f *testing.F) {
	for i, v := range vectors {
		id := traceID(f, v.id)
		f.Add(id[:], v.in, v.rate, uint8(i), v.mode == Proportional)
	}
	for _, in := range []string{"ot=rv:80000000000000;th:4;x:1,a=b", "a=b,ot=th:4,c=d", "ot=th:80018000000001", "a=b , c=d"} {
		f.Add([]byte{9: 0xff, 15: 1}, in, 0.3, uint8(3), false)
	}
	f.Fuzz(func(t *testing.T, idBytes []byte, in string, probability float64, precision uint8, proportional bool) {
		digits, mode := 1+int(precision)%14, Equalizing
		if proportional {
			mode = Proportional
		}
		r, err := rate.New(probability, digits)
		if err != nil || r.IsAlways() || r.IsNever() { // T5 and T3, which the reference does not know
			return
		}
		var id pcommon.TraceID
		copy(id[:], idBytes)
		parsed, ok := parseTracestate(in)
		_, err = sampling.NewW3CTraceState(in)
		if !ok || err != nil || id.IsEmpty() && !parsed.hasRandomness {
			return
		}

		got := NewSampler(mode, digits).Decide(id, in, &r)
		if got.Fault == Limit {
			return
		}
		want, class := byReference(t, span{id, in}, mode, probability, digits)
		if want.Fault == NoFault && !parsed.hasRandomness && [7]byte(id[9:]) == [7]byte{} {
			want.Fault = NoRandomness
		}
		require.Equal(t, want.Keep, got.Keep, class)
		require.Equal(t, want.Fault, got.Fault, class)
		if want.Keep {
			require.Equal(t, want.Tracestate, got.Tracestate, class)
		}
	})
}
