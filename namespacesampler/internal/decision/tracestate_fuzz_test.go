// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// FuzzTracestate holds both modes, at any precision, to what somebody sees who reads the strings with no parser of ours:
// what was not ours to change is there, digits are no lower, limits hold, and the next collector can read it.
func FuzzTracestate(f *testing.F) {
	for i, v := range vectors {
		id := traceID(f, v.id)
		f.Add(id[:], v.in, v.rate, uint8(i), v.mode == Proportional)
	}
	for _, in := range malformed {
		f.Add([]byte{15: 0xff}, in, 0.5, uint8(3), false)
	}
	for _, in := range []string{
		" , ", exactly(1017), " a=b ,\tot=yy:2;th:4;x:1,,c=d", "ot=x:" + strings.Repeat("p", 246) + ";th:4",
		"ot=th:F0A", "ot=th:80018000000001", "ot=p:8;q:8;p:8", "ot=p:8;pp:8;th:4",
	} {
		f.Add([]byte{9: 0xff, 15: 1}, in, 0.3, uint8(3), true)
		f.Add([]byte{9: 0xff, 15: 1}, in, 1.0, uint8(3), true)
	}
	f.Fuzz(func(t *testing.T, idBytes []byte, in string, probability float64, precision uint8, proportional bool) {
		digits, mode := 1+int(precision)%14, Equalizing
		if proportional {
			mode = Proportional
		}
		r, err := rate.New(probability, digits)
		if err != nil {
			return
		}
		var id pcommon.TraceID
		copy(id[:], idBytes)
		sampler := NewSampler(mode, digits)

		d := sampler.Decide(id, in, &r)
		if hasDuplicates(in) && !r.IsNever() {
			require.Equal(t, Malformed, d.Fault)
		}
		if !d.Keep {
			return
		}
		if d.Fault == Malformed || d.Fault == Limit || r.IsAlways() {
			require.Equal(t, in, d.Tracestate)
			return
		}
		checkNothingLost(t, in, d)
		checkLimits(t, in, d.Tracestate)

		next := sampler.Decide(id, d.Tracestate, &rate.Always)
		require.Equal(t, Span{Keep: true, Tracestate: d.Tracestate}, next, "the next collector cannot read it")
	})
}

// checkNothingLost: other members, in order; other sub-members of ot; the rv; and the threshold, unless it was false.
func checkNothingLost(t *testing.T, in string, d Span) {
	otIn, membersIn := split(in)
	otOut, membersOut := split(d.Tracestate)
	require.Equal(t, membersIn, membersOut)

	thIn, rvIn, subsIn := subMembers(otIn)
	thOut, rvOut, subsOut := subMembers(otOut)
	require.Equal(t, rvIn, rvOut)
	require.Equal(t, subsIn, subsOut)
	if d.Fault == Inconsistent {
		require.Empty(t, thOut)
	} else {
		assert.GreaterOrEqual(t, strings.ToLower(thOut), strings.TrimRight(strings.ToLower(thIn), "0")) // as digits of a fraction
	}
}

func checkLimits(t *testing.T, in, out string) {
	if out == in {
		return
	}
	ot, others := split(out)
	require.LessOrEqual(t, len(out), 1024)
	require.LessOrEqual(t, len(ot), 256)
	require.NotContains(t, others, "")
	if ot != "" {
		require.True(t, strings.HasPrefix(out, "ot="+ot))
		require.Less(t, len(others), 32)
	}
}

// split returns the value of the ot member and the other members.
func split(state string) (ot string, others []string) {
	for _, member := range strings.Split(state, ",") {
		member = strings.Trim(member, " \t")
		if value, ok := strings.CutPrefix(member, "ot="); ok {
			ot = value
		} else if member != "" {
			others = append(others, member)
		}
	}
	return ot, others
}

// hasDuplicates reports whether a sub-key occurs twice in the ot member, or the ot member itself twice.
func hasDuplicates(state string) bool {
	isOT, keys := false, map[string]bool{}
	for _, member := range strings.Split(state, ",") {
		ot, ok := strings.CutPrefix(strings.Trim(member, " \t"), "ot=")
		if !ok {
			continue
		}
		if isOT {
			return true
		}
		isOT = true
		for _, sub := range strings.Split(ot, ";") {
			key, _, _ := strings.Cut(sub, ":")
			if keys[key] {
				return true
			}
			keys[key] = true
		}
	}
	return false
}

func subMembers(ot string) (th, rv string, others []string) {
	for _, sub := range strings.Split(ot, ";") {
		if value, ok := strings.CutPrefix(sub, "th:"); ok {
			th = value
		} else if value, ok := strings.CutPrefix(sub, "rv:"); ok {
			rv = value
		} else if sub != "" {
			others = append(others, sub)
		}
	}
	return th, rv, others
}
