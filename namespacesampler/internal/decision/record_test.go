// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// decideRecord decides a record with attributes, and writes to them if it is kept.
func decideRecord(t *testing.T, s Sampler, id pcommon.TraceID, attributes map[string]any, r *rate.Rate) (Record, map[string]any) {
	t.Helper()
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(attributes))
	stamp := ReadStamp(m)
	d := s.DecideRecord(&id, &stamp, r)
	if d.Keep {
		d.Write(m)
	}
	return d, m.AsRaw()
}

func TestARecordIsStampedInItsAttributes(t *testing.T) { // L2, L4
	a := traceID(t, "4bf92f3577b34da6a3ce929d0e0e4736")
	type attributes map[string]any
	th, rv := ThresholdAttribute, RandomnessAttribute
	low := "00000000000000"
	for name, tt := range map[string]struct {
		in    attributes
		rate  float64
		keep  bool
		out   attributes
		fault Fault
		is    Sampler
	}{
		"by its trace ID":                      {attributes{"a": 1}, 0.5, true, attributes{"a": int64(1), th: "8"}, NoFault, equalizing},
		"below the threshold":                  {attributes{}, 0.1, false, nil, NoFault, equalizing},
		"at rate 1, untouched":                 {attributes{}, 1, true, attributes{}, NoFault, equalizing},
		"at rate 1, with a threshold":          {attributes{th: "c"}, 1, true, attributes{th: "c"}, NoFault, equalizing},
		"at rate 0":                            {attributes{}, 0, false, nil, NoFault, equalizing},
		"by its randomness":                    {attributes{rv: low}, 0.25, false, nil, NoFault, equalizing},
		"by its randomness, which remains":     {attributes{rv: "ffffffffffffff"}, 0.25, true, attributes{rv: "ffffffffffffff", th: "c"}, NoFault, equalizing},
		"sampled before below the rate":        {attributes{th: "c"}, 0.5, true, attributes{th: "c"}, NoFault, equalizing},
		"sampled before above it":              {attributes{th: "8"}, 0.25, true, attributes{th: "c"}, NoFault, equalizing},
		"sampled before, not in fewest digits": {attributes{th: "c00"}, 0.5, true, attributes{th: "c"}, NoFault, equalizing},
		"proportional":                         {attributes{th: "8"}, 0.5, true, attributes{th: "c"}, NoFault, proportional},
		"proportional, dropped":                {attributes{th: "c"}, 0.5, false, nil, NoFault, proportional},
		"a false threshold is removed":         {attributes{th: "f"}, 0.5, true, attributes{}, Inconsistent, equalizing},
		"a false threshold, dropped":           {attributes{th: "f"}, 0.1, false, nil, Inconsistent, equalizing},
		"a false threshold at rate 1":          {attributes{th: "f"}, 1, true, attributes{th: "f"}, Inconsistent, equalizing},
		"false for its randomness":             {attributes{th: "8", rv: "7fffffffffffff"}, 0.75, true, attributes{rv: "7fffffffffffff"}, Inconsistent, equalizing},
		"a malformed threshold":                {attributes{th: "xy"}, 0.5, true, attributes{th: "xy"}, Malformed, equalizing},
		"a malformed randomness":               {attributes{rv: "8"}, 0.5, true, attributes{rv: "8"}, Malformed, equalizing},
		"one malformed, both ignored":          {attributes{rv: low, th: "-"}, 0.5, true, attributes{rv: low, th: "-"}, Malformed, equalizing},
		"the other malformed, both ignored":    {attributes{rv: "1", th: "f"}, 0.5, true, attributes{rv: "1", th: "f"}, Malformed, equalizing},
		"malformed at rate 1":                  {attributes{th: "xy"}, 1, true, attributes{th: "xy"}, Malformed, equalizing},
		"no strings are overwritten": {
			attributes{th: 8, rv: 1.5}, 0.5, true, attributes{th: "8", rv: 1.5}, NoFault, equalizing,
		},
		"empty texts are overwritten": {attributes{th: "", rv: ""}, 0.5, true, attributes{th: "8", rv: ""}, NoFault, equalizing},
	} {
		t.Run(name, func(t *testing.T) {
			d, out := decideRecord(t, tt.is, a, tt.in, mustRate(t, tt.rate, 4))
			assert.Equal(t, tt.keep, d.Keep)
			assert.Equal(t, tt.fault, d.Fault)
			if tt.keep {
				assert.Equal(t, map[string]any(tt.out), out)
			}
		})
	}
}

// A threshold without the randomness that it holds for reads as false downstream.
func TestARandomnessThatIsNotTheTraceIDsIsWritten(t *testing.T) { // L4
	g := group.Of("0199c3e0-ccdb-7581-87ab-000000000001")
	r := mustRate(t, 0.5, 4)
	if !KeepGroup(g, r) {
		r = mustRate(t, 0.99, 4)
	}
	for name, id := range map[string]pcommon.TraceID{"with a trace ID": {0: 1}, "without one": {}} {
		d, out := decideRecord(t, equalizing.In(g), id, nil, r)
		require.True(t, d.Keep, name)
		assert.Equal(t, map[string]any{ThresholdAttribute: r.TValue, RandomnessAttribute: g.Randomness().RValue()}, out, name)
		again, same := decideRecord(t, equalizing.In(g), id, out, r)
		assert.True(t, again.Keep, name)
		assert.Equal(t, NoFault, again.Fault, name)
		assert.Equal(t, out, same, name)
	}
	d, out := decideRecord(t, equalizing.In(g), pcommon.TraceID{0: 1}, map[string]any{ThresholdAttribute: 3, RandomnessAttribute: true}, r)
	require.True(t, d.Keep)
	assert.Equal(t, map[string]any{ThresholdAttribute: r.TValue, RandomnessAttribute: g.Randomness().RValue()}, out, "what is no string is overwritten")

	sampled := map[string]any{ThresholdAttribute: "8"}
	high := pcommon.TraceID{9: 0xff}
	d, out = decideRecord(t, equalizing.In(g), high, sampled, mustRate(t, 0.25, 4))
	require.True(t, d.Keep, "an earlier sampler has decided by the trace ID")
	assert.True(t, d.IsGroupOverruled)
	assert.Equal(t, map[string]any{ThresholdAttribute: "c"}, out)
}

// Without a trace ID, a randomness and a group, the draw is the randomness.
func TestARecordWithoutRandomnessIsDrawn(t *testing.T) { // L2, L4
	r := mustRate(t, 0.25, 4)
	var kept, keptOfHalf int
	const records = 20_000
	for range records {
		d, out := decideRecord(t, equalizing, pcommon.TraceID{}, nil, r)
		assert.Equal(t, NoFault, d.Fault)
		if d.Keep {
			kept++
			require.Equal(t, "c", out[ThresholdAttribute])
			requireTrue(t, out)
		}
		d, out = decideRecord(t, equalizing, pcommon.TraceID{}, map[string]any{ThresholdAttribute: "8"}, r)
		assert.Equal(t, NoFault, d.Fault, "it has passed its threshold, whatever its randomness was")
		if d.Keep {
			keptOfHalf++
			require.Equal(t, "c", out[ThresholdAttribute])
			requireTrue(t, out)
		}
	}
	assert.InDelta(t, 0.25, float64(kept)/records, 0.03)         // 10 standard deviations
	assert.InDelta(t, 0.50, float64(keptOfHalf)/records, 0.0355) // 10 standard deviations
	d, out := decideRecord(t, equalizing, pcommon.TraceID{}, nil, mustRate(t, 1, 4))
	assert.True(t, d.Keep)
	assert.Empty(t, out)
}

// requireTrue requires that the randomness of a record passes its threshold.
func requireTrue(t *testing.T, attributes map[string]any) {
	t.Helper()
	threshold, err := sampling.TValueToThreshold(attributes[ThresholdAttribute].(string))
	require.NoError(t, err)
	randomness, err := sampling.RValueToRandomness(attributes[RandomnessAttribute].(string))
	require.NoError(t, err)
	require.True(t, threshold.ShouldSample(randomness))
}

// Whatever a span is decided by, a record with the same stamp is decided alike, and has the same stamp afterwards (L2).
func TestRecordsAreDecidedLikeSpans(t *testing.T) {
	rng := rand.New(rand.NewPCG(18, 1))
	seen := map[string]int{}
	for range 20_000 {
		s, attributes := twins(rng)
		r := mustRate(t, []float64{0, 1, rng.Float64(), rng.Float64(), rng.Float64() * 0.01}[rng.IntN(5)], 1+rng.IntN(14))
		sampler := Sampler{mode: Modes[rng.IntN(2)], precision: 4}
		if rng.IntN(3) == 0 {
			sampler = sampler.In(group.Of(fmt.Sprint(rng.Uint64())))
		}
		want := sampler.Decide(s.id, s.in, r)
		d, out := decideRecord(t, sampler, s.id, attributes, r)
		require.Equal(t, want.Keep, d.Keep, "%v %q", s.id, s.in)
		require.Equal(t, want.Fault, d.Fault, "%v %q", s.id, s.in)
		require.Equal(t, want.IsGroupOverruled, d.IsGroupOverruled, "%v %q", s.id, s.in)
		if want.Keep {
			requireSameStamp(t, s, want.Tracestate, out)
		}
		seen[fmt.Sprint(want.Keep, want.Fault)]++
	}
	for _, class := range []string{"true none", "false none", "true inconsistent", "false inconsistent"} {
		assert.Greater(t, seen[class], 200, class)
	}
}

// twins returns a span and the attributes of a log record that tell the same.
func twins(rng *rand.Rand) (span, map[string]any) {
	s, attributes, ot := span{id: randomTraceID(rng)}, map[string]any{}, []string{}
	if rng.IntN(3) == 0 {
		digits := fmt.Sprintf("%014x", rng.Uint64N(1<<56))
		attributes[RandomnessAttribute], ot = digits, append(ot, "rv:"+digits)
	}
	if rng.IntN(2) == 0 {
		digits := strings.TrimRight(fmt.Sprintf("%014x", rng.Uint64N(1<<56)), "0")[:1+rng.IntN(4)]
		attributes[ThresholdAttribute], ot = digits, append(ot, "th:"+digits)
	}
	if len(ot) > 0 {
		s.in = "ot=" + strings.Join(ot, ";")
	}
	return s, attributes
}

// requireSameStamp requires that a record tells what the tracestate of a span does.
func requireSameStamp(t *testing.T, s span, tracestate string, attributes map[string]any) {
	t.Helper()
	want, ok := parseTracestate(tracestate)
	require.True(t, ok)
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(attributes))
	got := ReadStamp(m)
	require.Equal(t, want.earlier, got.earlier, "%v %q: %q, %v", s.id, s.in, tracestate, attributes)
}
