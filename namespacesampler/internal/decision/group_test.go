// SPDX-License-Identifier: Apache-2.0

package decision

import (
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

// The randomness of group is 8b22b130bd610c.
const groupKey = "0199c3e0-ccdb-7581-87ab-000000000001"

func TestASpanIsDecidedByItsGroup(t *testing.T) { // G3
	const (
		high, low = "ffffffffffffff", "00000000000001" // trace IDs that every rate keeps, and that nearly every rate drops
		stamp     = "ot=rv:8b22b130bd610c;th:8"
		full      = "a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8,i=9,j=0,k=1,l=2,m=3,n=4,o=5,p=6,q=7,r=8,s=9,t=0,u=1,v=2,w=3,x=4,y=5,z=6,a1=1,a2=2,a3=3,a4=4,a5=5,a6=6"
	)
	g := group.Of(groupKey)
	long := "ot=x:" + strings.Repeat("a", 232)
	for name, tt := range map[string]struct {
		id, in     string
		group      group.Group
		rate       float64
		want       Span
		proportion bool
	}{
		"kept, whatever the trace ID":          {low, "", g, 0.5, Span{Keep: true, Tracestate: stamp}, false},
		"dropped, whatever the trace ID":       {high, "", g, 0.25, Span{}, false},
		"at rate 1 nothing is touched":         {low, "", g, 1, Span{Keep: true}, false},
		"nor at rate 1 with a tracestate":      {low, "x=y", g, 1, Span{Keep: true, Tracestate: "x=y"}, false},
		"at rate 0 everything is dropped":      {high, "", g, 0, Span{}, false},
		"without a trace ID":                   {"", "", g, 0.5, Span{Keep: true, Tracestate: stamp}, false},
		"other members stay":                   {low, "x=y", g, 0.5, Span{Keep: true, Tracestate: stamp + ",x=y"}, false},
		"other sub-keys follow":                {low, "x=y,ot=a:b", g, 0.5, Span{Keep: true, Tracestate: stamp + ";a:b,x=y"}, false},
		"th:0 tells of no sampler":             {low, "ot=th:0", g, 0.5, Span{Keep: true, Tracestate: stamp}, false},
		"th:0 at rate 1":                       {low, "ot=th:0", g, 1, Span{Keep: true, Tracestate: "ot=th:0"}, false},
		"proportional":                         {low, "ot=th:0", g, 0.5, Span{Keep: true, Tracestate: stamp}, true},
		"a malformed state tells nothing":      {low, "ot=th:zz", g, 0.5, Span{Keep: true, Tracestate: "ot=th:zz", Fault: Malformed}, false},
		"a malformed state of a dropped span":  {high, "ot=rv:1", g, 0.25, Span{Tracestate: "ot=rv:1", Fault: Malformed}, false},
		"32 members leave no room for a stamp": {low, full, g, 0.5, Span{Keep: true, Tracestate: full, Fault: Limit}, false},
		"nor do 237 bytes of sub-keys":         {low, long, g, 0.5, Span{Keep: true, Tracestate: long, Fault: Limit}, false},
		"rv decides":                           {low, "ot=rv:ffffffffffffff", g, 0.25, Span{Keep: true, Tracestate: "ot=rv:ffffffffffffff;th:c", IsGroupOverruled: true}, false},
		"rv drops":                             {high, "ot=rv:00000000000001", g, 0.5, Span{IsGroupOverruled: true}, false},
		"rv at rate 1":                         {high, "ot=rv:00000000000001", g, 1, Span{Keep: true, Tracestate: "ot=rv:00000000000001", IsGroupOverruled: true}, false},
		"an rv that is the group's":            {high, "ot=rv:8b22b130bd610c;th:4", g, 0.5, Span{Keep: true, Tracestate: stamp}, false},
		"th above 0 leaves it to the trace ID": {high, "ot=th:c", g, 0.5, Span{Keep: true, Tracestate: "ot=th:c", IsGroupOverruled: true}, false},
		"which can drop":                       {"90000000000000", "ot=th:8", g, 0.25, Span{IsGroupOverruled: true}, false},
		"th that the trace ID belies":          {low, "ot=th:8", g, 0.5, Span{Tracestate: "", Fault: Inconsistent, IsGroupOverruled: true}, false},
		"th that is false, but at rate 1":      {low, "ot=th:8", g, 1, Span{Keep: true, Tracestate: "ot=th:8", Fault: Inconsistent, IsGroupOverruled: true}, false},
		"another span has overruled the group": {high, "", g.Overruled(), 0.25, Span{Keep: true, Tracestate: "ot=th:c", IsGroupOverruled: true}, false},
		"the trace ID is the group's":          {"8b22b130bd610c", "ot=th:8", g, 0.5, Span{Keep: true, Tracestate: "ot=th:8"}, false},
		"no group, and overruled":              {high, "", group.Group(0).Overruled(), 0.25, Span{Keep: true, Tracestate: "ot=th:c"}, false},
		"no randomness but that of the group":  {"00000000000000", "", g, 0.5, Span{Keep: true, Tracestate: stamp}, false},
	} {
		t.Run(name, func(t *testing.T) {
			sampler := equalizing
			if tt.proportion {
				sampler = proportional
			}
			id := traceID(t, tt.id)
			if tt.id == "00000000000000" {
				id[0] = 1
			}
			r := mustRate(t, tt.rate, 4)
			assert.Equal(t, tt.want, sampler.In(tt.group).Decide(id, tt.in, r))
			assert.Equal(t, !tt.want.Keep, sampler.In(tt.group).Drops(id, tt.in, r))
		})
	}
}

func TestAZeroTraceIDIsDrawnIfItsGroupIsOverruled(t *testing.T) { // T9
	var kept int
	for range 1000 {
		d := equalizing.In(group.Of(groupKey)).Decide(pcommon.TraceID{}, "ot=th:4", mustRate(t, 0.25, 4))
		if d.Keep {
			kept++
			assert.Equal(t, "ot=th:4", d.Tracestate)
		}
	}
	assert.InDelta(t, 250, kept, 100)
}

func TestWhatALowerRateKeepsOfAGroupAHigherKeepsToo(t *testing.T) { // G6
	source := rand.New(rand.NewPCG(17, 6))
	for range 5000 {
		g := group.Of(string(rune('a' + source.IntN(26))))
		p, q := source.Float64(), source.Float64()
		low, high := mustRate(t, min(p, q), 4), mustRate(t, max(p, q), 4)
		var id pcommon.TraceID
		for i := range id {
			id[i] = byte(source.Uint32())
		}
		keepsLow, keepsHigh := equalizing.In(g).Decide(id, "", low).Keep, equalizing.In(g).Decide(id, "", high).Keep
		require.False(t, keepsLow && !keepsHigh)
		require.Equal(t, keepsLow, KeepGroup(g, low), "spans and points agree")
		require.Equal(t, keepsLow, KeepsTrace(id, g, low), "so do exemplars")
	}
}

// What one sampler stamps by a group, the next decides alike, whether it knows of the group or not.
func FuzzGroupedSpan(f *testing.F) {
	f.Add([]byte{1, 15: 0xff}, "", "a", 0.5, 0.25)
	f.Add([]byte{1}, "ot=th:0;x:y,b=c", "order", 0.1, 0.2)
	f.Add([]byte{}, "ot=rv:ffffffffffffff;th:c", "order", 0.1, 0.0001)
	f.Fuzz(func(t *testing.T, trace []byte, in, key string, p, q float64) {
		var id pcommon.TraceID
		copy(id[:], trace)
		g := group.Of(key)
		first, err := rate.New(p, 4)
		if err != nil || first.IsNever() {
			return
		}
		d := equalizing.In(g).Decide(id, in, &first)
		if id != (pcommon.TraceID{}) {
			require.Equal(t, !d.Keep, equalizing.In(g).Drops(id, in, &first))
		}
		if !d.Keep || d.Fault != NoFault {
			return
		}
		ts, ok := parseTracestate(d.Tracestate)
		require.True(t, ok, d.Tracestate)
		if first.IsAlways() {
			require.Equal(t, in, d.Tracestate)
			return
		}
		if before, ok := parseTracestate(in); ok && !before.isSampled() && d.Tracestate != in {
			require.Equal(t, g.Randomness(), ts.randomness)
			require.False(t, sampling.ThresholdGreater(ts.threshold, first.Threshold) || sampling.ThresholdGreater(first.Threshold, ts.threshold))
			next, err := rate.New(q, 4)
			if err != nil {
				return
			}
			require.Equal(t, equalizing.Decide(id, d.Tracestate, &next), equalizing.In(g).Decide(id, d.Tracestate, &next))
		}
	})
}
