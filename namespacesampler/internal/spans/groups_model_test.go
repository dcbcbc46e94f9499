// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// groupRandomness are keys of groups with the first 14 digits of what xxhsum -H1 prints for them (G2).
var groupRandomness = map[any]uint64{
	"w1":                                   0x403f0d3c25ae52,
	"w2":                                   0x753bff7531a04c,
	"w3":                                   0x27a9d9aaa2be3f,
	"w4":                                   0x1a9bd8c3a733dd,
	42:                                     0x6de6f5d076d742,
	"0199C3E0-CCDB-7581-87AB-00000000ABCD": 0x1c4245dcea6ee6,
}

var groupKeys = []any{"w1", "w2", "w3", "w4", 42, "0199C3E0-CCDB-7581-87AB-00000000ABCD"}

// groupSpan is a span of a scenario. Its key is on the span, its scope or its resource.
type groupSpan struct {
	id        pcommon.TraceID
	isRoot    bool
	namespace string
	key       any // nil: none
	where     int // 0 span, 1 scope, 2 resource
	state     modelState
}

// groupModel is G1, G3 and G4 once more, plain and slow, for items without lookups.
type groupModel struct {
	rates     modelRates
	byTrace   bool // parent_based
	traces    map[pcommon.TraceID]*groupTrace
	overruled int64 // faults
	ungrouped int64
}

type groupTrace struct {
	name      string
	key       any
	overruled bool
}

func (s *groupSpan) isSampled() bool {
	return !s.state.isMalformed && (s.state.hasRandomness || s.state.hasThreshold && s.state.threshold > 0)
}

// batch returns the decisions on the spans of a batch.
func (m *groupModel) batch(spans []groupSpan) []modelDecision {
	settled := map[pcommon.TraceID]*groupTrace{}
	for i := range spans {
		if id := spans[i].id; m.byTrace && id != (pcommon.TraceID{}) && settled[id] == nil {
			settled[id] = m.settle(id, spans)
		}
	}
	decisions := make([]modelDecision, len(spans))
	for i := range spans {
		s := &spans[i]
		t := settled[s.id]
		if t == nil {
			t = &groupTrace{name: s.namespace, key: s.key, overruled: s.isSampled()}
		}
		decisions[i] = m.decide(s, t)
	}
	return decisions
}

// settle settles a trace by the memory, its root in the batch, or the first span that tells (T16, G4).
func (m *groupModel) settle(id pcommon.TraceID, spans []groupSpan) *groupTrace {
	t := m.traces[id]
	if t == nil {
		t = &groupTrace{}
		m.traces[id] = t
	}
	found, hasRoot := groupTrace{}, false
	for i := range spans {
		s := &spans[i]
		if s.id != id {
			continue
		}
		t.overruled = t.overruled || s.isSampled()
		isRoot := s.isRoot && !hasRoot
		hasRoot = hasRoot || s.isRoot
		if s.namespace != "" && (found.name == "" || isRoot) {
			found.name = s.namespace
		}
		if s.key != nil && (found.key == nil || isRoot) {
			found.key = s.key
		}
	}
	if t.name == "" {
		t.name = found.name
	}
	if t.key == nil {
		t.key = found.key
	}
	return t
}

func (m *groupModel) decide(s *groupSpan, t *groupTrace) modelDecision {
	rate, _ := m.rates.of(t.name)
	random := groupRandomness[t.key]
	if t.key == nil || t.overruled {
		own := low56(s.id)
		if s.state.hasRandomness && !s.state.isMalformed {
			own = s.state.randomness
		}
		switch {
		case t.key == nil && !t.overruled:
			if rate > 0 && rate < 1 {
				m.ungrouped++
			}
		case t.key != nil && own != random && rate > 0:
			m.overruled++
		}
		return m.rates.decide(s.id, s.state, rate)
	}
	threshold := whole - uint64(rate*8)*(whole/8)
	switch {
	case rate == 0 || random < threshold:
		return modelDecision{}
	case rate == 1 || s.state.isMalformed:
		return modelDecision{keep: true, state: s.state.raw()}
	}
	stamped := s.state
	stamped.hasRandomness, stamped.randomness = true, random
	return modelDecision{keep: true, state: stamped.changed(threshold)}
}

// randomGroupSpan returns a span of one of few traces. Rates are multiples of 1/8.
func randomGroupSpan(rng *rand.Rand) groupSpan {
	s := groupSpan{
		isRoot: rng.IntN(3) == 0, namespace: []string{"", "", "half", "eighth", "all", "nothing", "stranger"}[rng.IntN(7)], where: rng.IntN(3),
	}
	if n := rng.IntN(7); n > 0 {
		s.id = pcommon.TraceID{0: byte(n), 9: byte(n * 40), 15: 1}
	}
	if rng.IntN(2) == 0 {
		s.key = groupKeys[rng.IntN(len(groupKeys))]
	}
	switch rng.IntN(12) {
	case 0:
		s.state = modelState{hasRandomness: true, randomness: rng.Uint64() >> 8}
	case 1:
		s.state = modelState{hasThreshold: true, threshold: whole / 8 * uint64(rng.IntN(8))}
	case 2:
		s.state = modelState{hasThreshold: true, hasVendor: true, after: true}
	case 3:
		s.state = modelState{hasThreshold: true, threshold: whole / 8 * uint64(rng.IntN(8)), hasRandomness: true, randomness: rng.Uint64() >> 8, hasVendor: true}
	case 4:
		s.state = modelState{isMalformed: true, hasRandomness: true, randomness: rng.Uint64() >> 8}
	case 5:
		s.state = modelState{hasVendor: true}
	}
	return s
}

func tracesOfGroups(t *testing.T, spans []groupSpan) ptrace.Traces {
	td := ptrace.NewTraces()
	for i, s := range spans {
		attributes := map[string]any{"i": i}
		if s.namespace != "" {
			attributes["namespace"] = s.namespace
		}
		var outer [3]map[string]any
		outer[0] = attributes
		if s.key != nil {
			if outer[s.where] == nil {
				outer[s.where] = map[string]any{}
			}
			outer[s.where]["workflow"] = s.key
		}
		samplertest.AppendSpans(t, td, outer[2], outer[1])
		span := td.ResourceSpans().At(i).ScopeSpans().At(0).Spans().AppendEmpty()
		span.SetTraceID(s.id)
		span.SetSpanID([8]byte{1, byte(i)})
		if !s.isRoot {
			span.SetParentSpanID([8]byte{2})
		}
		span.TraceState().FromRaw(s.state.raw())
		require.NoError(t, span.Attributes().FromRaw(attributes))
	}
	return td
}

// TestGroupsAgreeWithTheRules sends random batches of few traces with spans of few groups, some of which were sampled before, and compares what
// becomes of each span.
func TestGroupsAgreeWithTheRules(t *testing.T) { // G1, G3, G4, T1, T5 to T9, T16
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 17))
		m := &groupModel{
			rates: modelRates{
				global: 0.25, isProportional: seed%3 == 0, names: map[string]float64{"half": 0.5, "eighth": 0.125, "all": 1, "nothing": 0},
			},
			byTrace: seed%4 != 0, traces: map[pcommon.TraceID]*groupTrace{},
		}
		tracing := map[string]any{"sampler": "trace_id_ratio", "mode": "equalizing", "trace_memory": map[string]any{"ttl": "1h"}}
		if m.byTrace {
			tracing["sampler"] = "parent_based"
		}
		if m.rates.isProportional {
			tracing["mode"] = "proportional"
		}
		if seed%2 == 0 { // exemptions are read, though no span is exempt: traces are found as the batch is read
			tracing["always_keep"] = []any{`span.name == "none"`}
		}
		namespaces := map[string]any{}
		for name, rate := range m.rates.names {
			namespaces[name] = rate
		}
		h := samplertest.Start(t, map[string]any{
			"consistent_by": []any{"nothing", "workflow"}, "sample_rate": 0.25, "namespaces": namespaces, "tracing": tracing,
			"namespace": map[string]any{"inherit": false},
		})
		for range 6 {
			spans := make([]groupSpan, 1+rng.IntN(12))
			for i := range spans {
				spans[i] = randomGroupSpan(rng)
			}
			want := m.batch(spans)
			got := map[int64]string{}
			for _, span := range h.ConsumeTraces(tracesOfGroups(t, spans)) {
				i, _ := span.Attributes().Get("i")
				got[i.Int()] = span.TraceState().AsRaw()
			}
			for i, d := range want {
				state, kept := got[int64(i)]
				context := fmt.Sprintf("seed %d, span %d: %+v of %+v", seed, i, spans[i], spans)
				if !d.drawn {
					require.Equal(t, d.keep, kept, context)
				}
				if kept {
					require.Equal(t, d.state, state, context)
				}
			}
			require.Equal(t, m.overruled, h.Counts("tracestate_faults")["group_overruled"], seed)
			require.Equal(t, m.ungrouped, h.Counts("ungrouped_items")["traces"], seed)
		}
	}
}
