// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exactly returns valid members other than ot, n characters in all.
func exactly(n int) string {
	var b strings.Builder
	for n-b.Len() > 300 {
		b.WriteString("congo=" + strings.Repeat("p", 193) + ",")
	}
	b.WriteString("rojo=")
	return b.String() + strings.Repeat("p", n-b.Len())
}

// T10: a limit is broken by what is written, not by what came in.
func TestLimitsWhereDigitsAreReplaced(t *testing.T) {
	x := ";x:" + strings.Repeat("p", 249) // 256 with th:8
	for _, tt := range []struct {
		name, in string
		rate     float64
		want     string
	}{
		{"as many digits", "ot=th:4" + x, 0.5, "ot=th:8" + x},
		{"an ot of 257 characters", "ot=th:4" + x, 0.484375, ""}, // th:84
		{
			"an ot of 256 characters, digits fewer",
			"ot=x:" + strings.Repeat("p", 239) + ";th:40000000001", 0.5, "ot=th:8;x:" + strings.Repeat("p", 239),
		},
		{"1024 characters", "ot=th:4," + exactly(1016), 0.5, "ot=th:8," + exactly(1016)},
		{"1025 characters", "ot=th:4," + exactly(1016), 0.484375, ""},
		{"white space that goes makes room", strings.Repeat(" ", 8) + exactly(1016), 0.5, "ot=th:8," + exactly(1016)},
		{
			"empty members are none of 32",
			valid32[:strings.LastIndexByte(valid32, ',')] + ",,,", 0.5, "ot=th:8," + valid32[:strings.LastIndexByte(valid32, ',')],
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := Span{Keep: true, Tracestate: tt.want}
			if tt.want == "" {
				want = Span{Keep: true, Tracestate: tt.in, Fault: Limit}
			}
			for _, sampler := range []Sampler{equalizing, NewSampler(Equalizing, 14)} {
				assert.Equal(t, want, sampler.Decide(traceID(t, highest), tt.in, mustRate(t, tt.rate, 4)))
			}
			got := equalizing.Decide(traceID(t, "50000000000000"), tt.in, mustRate(t, tt.rate, 4))
			assert.False(t, got.Keep, "a limit does not keep what the rate drops")
		})
	}
}

// T10: what arrives at a limit is read, so its rv keeps the lowest trace ID; at one more it is malformed, and is not.
func TestLimitsOfWhatArrives(t *testing.T) {
	const rv = "ot=rv:ffffffffffffff"
	for _, tt := range []struct {
		name, in string
		read     bool
	}{
		{"1024 characters", rv + "," + exactly(1024-len(rv)-1), true},
		{"1025 characters", rv + "," + exactly(1025-len(rv)-1), false},
		{"1025 characters with a blank", rv + ", " + exactly(1024-len(rv)-1), false},
		{"32 members", valid32[:strings.LastIndexByte(valid32, ',')+1] + rv, true},
		{"33 members", valid32 + "," + rv, false},
		{"an ot of 256 characters", rv + ";x:" + strings.Repeat("p", 256-len("rv:ffffffffffffff;x:")), true},
		{"an ot of 257 characters", rv + ";x:" + strings.Repeat("p", 257-len("rv:ffffffffffffff;x:")), false},
		{"a value of 256 characters", rv + ",a=" + strings.Repeat("p", 256), true},
		{"a value of 257 characters", rv + ",a=" + strings.Repeat("p", 257), false},
		{"a key of 256 characters", rv + "," + strings.Repeat("p", 256) + "=1", true},
		{"a key of 257 characters", rv + "," + strings.Repeat("p", 257) + "=1", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := equalizing.Decide(traceID(t, lowest), tt.in, mustRate(t, 0.5, 4))
			require.Equal(t, tt.read, got.Keep)
			assert.Equal(t, !tt.read, got.Fault == Malformed)
		})
	}
}
