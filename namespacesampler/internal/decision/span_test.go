// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

var equalizing, proportional = NewSampler(Equalizing, 4), NewSampler(Proportional, 4)

func randomTraceID(rng *rand.Rand) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:8], rng.Uint64())
	binary.BigEndian.PutUint64(id[8:], rng.Uint64())
	return id
}

func TestRandomnessIsThatOfRvElseOfTheTraceID(t *testing.T) { // T1
	half := mustRate(t, 0.5, 4)
	for _, tt := range []struct {
		id, tracestate string
		keep           bool
	}{
		{"80000000000000", "", true},
		{"7fffffffffffff", "", false},
		{"ff7fffffffffffff", "", false}, // byte 8 is not of the randomness
		{"7fffffffffffff", "ot=rv:80000000000000", true},
		{"80000000000000", "ot=rv:7fffffffffffff", false},
	} {
		d := equalizing.Decide(traceID(t, tt.id), tt.tracestate, half)
		assert.Equal(t, tt.keep, d.Keep, "%s %s", tt.id, tt.tracestate)
		assert.Equal(t, strings.Contains(tt.tracestate, "rv:") && d.Keep, strings.Contains(d.Tracestate, "rv:"),
			"rv is never created, and never lost")
	}
}

func TestModesCombineWithEarlierSampling(t *testing.T) { // T4
	id := traceID(t, "ffffffffffffff")
	for _, tt := range []struct {
		sampler  Sampler
		rate     float64
		in, want string
	}{
		{equalizing, 0.25, "ot=th:8", "ot=th:c"},
		{equalizing, 0.5, "ot=th:c", "ot=th:c"},
		{equalizing, 0.5, "ot=th:8", "ot=th:8"},
		{equalizing, 0.5, "ot=th:0", "ot=th:8"},
		{proportional, 0.25, "ot=th:8", "ot=th:e"},
		{proportional, 0.5, "ot=th:0", "ot=th:8"},
		{proportional, 0.5, "", "ot=th:8"},
		{proportional, 0.5, "a=b", "ot=th:8,a=b"},
		{proportional, 0.1, "ot=th:e666", "ot=th:fd70a"},
	} {
		d := tt.sampler.Decide(id, tt.in, mustRate(t, tt.rate, 4))
		assert.True(t, d.Keep)
		assert.Equal(t, tt.want, d.Tracestate, "%v of %q", tt.rate, tt.in)
	}
	tiny := NewSampler(Proportional, 14).Decide(id, "ot=th:fffffffffffffc", mustRate(t, 0.2, 14))
	assert.False(t, tiny.Keep, "a probability below 2^-56 cannot be told, so nothing is kept")
}

func TestRateOneTouchesNothing(t *testing.T) { // T5
	for _, in := range []string{
		"", "a=b", " a=b ,, c=d", "ot=th:8", "ot=th:8;rv:00000000000000", "ot=rv:zz", "x:y", "\x00\xff", strings.Repeat("x", 5000),
	} {
		for _, sampler := range []Sampler{equalizing, proportional} {
			for _, id := range []string{"0", "1", idA} {
				d := sampler.Decide(traceID(t, id), in, mustRate(t, 1, 4))
				assert.True(t, d.Keep)
				assert.Equal(t, in, d.Tracestate)
			}
		}
	}
}

func TestAnImpossibleThresholdIsErased(t *testing.T) { // T7
	id := traceID(t, "90000000000000")
	for in, want := range map[string]string{
		"ot=th:c":                                "",
		"a=b,ot=th:c,c=d":                        "a=b,c=d",
		"ot=th:c;xx:1,a=b":                       "ot=xx:1,a=b",
		"a=b,ot=xx:1;rv:90000000000000;th:c":     "ot=rv:90000000000000;xx:1,a=b",
		"ot=rv:90000000000000;th:90000000000001": "ot=rv:90000000000000",
	} {
		d := equalizing.Decide(id, in, mustRate(t, 0.5, 4))
		assert.Equal(t, Span{Keep: true, Tracestate: want, Fault: Inconsistent}, d, in)
		assert.False(t, equalizing.Decide(id, in, mustRate(t, 0.25, 4)).Keep, "the rate alone decides")
		assert.Equal(t, Span{Keep: true, Tracestate: in, Fault: Inconsistent}, equalizing.Decide(id, in, mustRate(t, 1, 4)))
	}
}

// malformed are tracestates that do not parse.
var malformed = []string{
	"a", "a=", "=b", "A=b", "a=b=c", "_a=b", "é=b", "a=é", "a=\x7f", "a=b,c", "a=\x01",
	strings.Repeat("a", 257) + "=b", "a=" + strings.Repeat("b", 257), "a=b," + strings.Repeat("c", 1021),
	valid32 + ",one=more", "ot=", "ot=th", "ot=th:", "ot=:8", "ot=th:8;", "ot=;th:8", "ot=th:8;;xx:1", "ot=TH:8", "ot=1th:8",
	"ot=th:g", "ot=th:123456789abcdef", "ot=th:8;th:8", "ot=rv:123", "ot=rv:0000000000000g", "ot=rv:", "ot=xx:$",
	"ot=rv:00000000000000;rv:00000000000000", "ot=th:8,ot=th:8", "ot=th:0 ,a=b ,ot=xx:1", "ot=xx:" + strings.Repeat("a", 254),
	"ot=p:8;p:8", "ot=p:8;th:8;p:", "ot=" + manySubKeys + ";" + manySubKeys[:2],
}

func TestAMalformedTracestateNeverMattersNorChanges(t *testing.T) { // T8
	for _, in := range malformed {
		for _, rate := range []float64{0.5, 0.9} {
			for _, id := range []string{"ffffffffffffff", "ff7fffffffffffff", "1"} {
				plain := equalizing.Decide(traceID(t, id), "", mustRate(t, rate, 4))
				got := equalizing.Decide(traceID(t, id), in, mustRate(t, rate, 4))
				assert.Equal(t, Span{Keep: plain.Keep, Tracestate: in, Fault: Malformed}, got, "%q", in)
			}
		}
	}
}

func TestWithoutRandomnessTheDrawIsIndependentAndUnstamped(t *testing.T) { // T9
	const n = 20_000
	for _, in := range []string{"", "a=b", "ot=th:8", "ot=th:zz"} {
		keeps := 0
		for range n {
			d := equalizing.Decide(pcommon.TraceID{}, in, mustRate(t, 0.3, 4))
			if d.Keep {
				keeps++
				require.Equal(t, in, d.Tracestate)
			}
		}
		assert.InDelta(t, 0.3*n, keeps, 324, "within five standard deviations, %q", in)
	}
	assert.False(t, equalizing.Decide(pcommon.TraceID{}, "", mustRate(t, 0, 4)).Keep)
	d := equalizing.Decide(pcommon.TraceID{}, "ot=rv:7fffffffffffff", mustRate(t, 0.5, 4))
	assert.False(t, d.Keep, "an rv decides")
}

func TestStampingStopsAtTheLimits(t *testing.T) { // T10
	half := mustRate(t, 0.5, 4) // the stamp is ";th:8", 5 characters
	id := traceID(t, "ffffffffffffff")
	members := func(n int) string { return strings.TrimSuffix(strings.Repeat("k=v,", n), ",") }
	exactly := func(length int) string { // with five members, for 256 is the longest value
		s := "a=" + strings.Repeat("x", 250) + ",b=" + strings.Repeat("x", 250) + ",c=" + strings.Repeat("x", 250) + ",d="
		return s + strings.Repeat("x", length-len(s))
	}
	for name, tt := range map[string]struct {
		in, want string
	}{
		"ot of 256":           {"ot=x:" + strings.Repeat("a", 249), "ot=th:8;x:" + strings.Repeat("a", 249)},
		"ot of 257":           {"ot=x:" + strings.Repeat("a", 250), ""},
		"the 32nd member":     {members(31), "ot=th:8," + members(31)},
		"a 33rd member":       {members(32), ""},
		"ot among 32 members": {members(31) + ",ot=xx:1", "ot=th:8;xx:1," + members(31)},
		"1,024 characters":    {exactly(1016), "ot=th:8," + exactly(1016)},
		"1,025 characters":    {exactly(1017), ""},
	} {
		d := equalizing.Decide(id, tt.in, half)
		assert.True(t, d.Keep, name)
		if tt.want == "" {
			assert.Equal(t, tt.in, d.Tracestate, name)
			assert.Equal(t, Limit, d.Fault, name)
		} else {
			assert.Equal(t, tt.want, d.Tracestate, name)
			assert.Equal(t, NoFault, d.Fault, name)
		}
	}
}

func TestOtherMembersKeepOrderAndBytes(t *testing.T) { // T11
	for in, want := range map[string]string{
		"b=2,a=1":                        "ot=th:8,b=2,a=1",
		"a=1 , b=2":                      "ot=th:8,a=1,b=2",
		"\ta=1,,b=2,":                    "ot=th:8,a=1,b=2",
		"a=  lead,b=x y":                 "ot=th:8,a=  lead,b=x y",
		"t@x=1,ot=th:0,a@b@c=2":          "ot=th:8,t@x=1,a@b@c=2",
		"other=ot=th":                    "",
		"otx=1,ot=yy:2":                  "ot=th:8;yy:2,otx=1",
		"ot=a:1;th:0;b:2;c:":             "ot=th:8;a:1;b:2;c:",
		"a=1,ot=xx:1;rv:ffffffffffffff ": "ot=rv:ffffffffffffff;th:8;xx:1,a=1",
	} {
		d := equalizing.Decide(traceID(t, "ffffffffffffff"), in, mustRate(t, 0.5, 4))
		if want == "" { // malformed
			want = in
		}
		assert.Equal(t, want, d.Tracestate)
	}
}

func TestLowerRatesKeepSubsets(t *testing.T) { // T14
	rng := rand.New(rand.NewPCG(14, 14))
	for range 20_000 {
		p, q := rng.Float64(), rng.Float64()
		if p > q {
			p, q = q, p
		}
		id, in := randomTraceID(rng), ""
		switch rng.IntN(3) {
		case 0:
			in = fmt.Sprintf("ot=rv:%014x", rng.Uint64()>>8)
		case 1:
			in = "a=b"
		}
		for _, sampler := range []Sampler{equalizing, proportional} {
			if sampler.Decide(id, in, mustRate(t, p, 4)).Keep {
				require.True(t, sampler.Decide(id, in, mustRate(t, q, 4)).Keep, "%v keeps what %v drops: %s %q", p, q, id, in)
			}
		}
	}
}

// TestDecisionsAgreeWithTheReference compares with pkg/sampling on tracestates that it takes.
func TestDecisionsAgreeWithTheReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	kept := 0
	for range 50_000 {
		id, in := randomTraceID(rng), randomTracestate(rng)
		probability := rng.Float64()
		r := mustRate(t, probability, 4)
		keep, want, ok := reference(t, id, in, r.Threshold)
		if !ok {
			continue
		}
		got := equalizing.Decide(id, in, r)
		require.Equal(t, keep, got.Keep, "%s %q at %v", id, in, probability)
		if keep {
			kept++
			require.Equal(t, want, got.Tracestate, "%s %q at %v", id, in, probability)
		}
	}
	assert.Greater(t, kept, 10_000)
}

// reference decides by pkg/sampling, and reports false where it does not take the tracestate or finds it inconsistent.
func reference(t *testing.T, id pcommon.TraceID, in string, threshold sampling.Threshold) (keep bool, out string, ok bool) {
	t.Helper()
	w3c, err := sampling.NewW3CTraceState(in)
	if err != nil {
		return false, "", false
	}
	randomness, hasRV := w3c.OTelValue().RValueRandomness()
	if !hasRV {
		randomness = sampling.TraceIDToRandomness(id)
	}
	arrived, hasTH := w3c.OTelValue().TValueThreshold()
	if hasTH && !arrived.ShouldSample(randomness) {
		return false, "", false
	}
	if hasTH && !sampling.ThresholdGreater(threshold, arrived) {
		return true, in, true
	}
	if !threshold.ShouldSample(randomness) {
		return false, "", true
	}
	require.NoError(t, w3c.OTelValue().UpdateTValueWithSampling(threshold))
	var b strings.Builder
	require.NoError(t, w3c.Serialize(&b))
	return true, b.String(), true
}

// randomTracestate returns a well-formed tracestate: sub-members of ot, other members, white space.
func randomTracestate(rng *rand.Rand) string {
	var subs, members []string
	if rng.IntN(2) == 0 {
		subs = append(subs, fmt.Sprintf("rv:%014x", rng.Uint64()>>8))
	}
	if rng.IntN(2) == 0 {
		digits := fmt.Sprintf("%014x", rng.Uint64()>>8)
		subs = append(subs, "th:"+digits[:1+rng.IntN(14)])
	}
	for i := range rng.IntN(3) {
		subs = append(subs, fmt.Sprintf("x%d:A-_.%d", i, rng.IntN(100)))
	}
	rng.Shuffle(len(subs), func(i, j int) { subs[i], subs[j] = subs[j], subs[i] })
	if len(subs) > 0 {
		members = append(members, "ot="+strings.Join(subs, ";"))
	}
	for i := range rng.IntN(5) {
		members = append(members, fmt.Sprintf("key%d@vendor=some value/%d", i, rng.IntN(100)))
	}
	rng.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return strings.Join(members, []string{",", " ,\t", ",,"}[rng.IntN(3)])
}
