// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// groupAttribute is the attribute of consistent_by.
const groupAttribute = "workflow"

// modelKeys are the values of groupAttribute that are keys, with their randomness: the first 14 digits of what xxhsum -H1 prints (G2), of a
// UUID in lower case and of an integer in decimal (G1). Every rate of the model but 0 and 1 keeps some and drops others.
var modelKeys = map[any]uint64{
	"order-13":                             0x09c8b48ce3967e,
	"order-36":                             0x1f136f6e14b471,
	"order-10":                             0x50946d74b8a4e0,
	"order-23":                             0xa8acf598288d34,
	"order-22":                             0xd3e5e3364f78ec,
	"order-48":                             0xe1432ac7e180ea,
	int64(42):                              0x6de6f5d076d742,
	"42":                                   0x6de6f5d076d742,
	"0199c3e0-ccdb-7581-87ab-000000000001": 0x8b22b130bd610c,
	"0199C3E0-CCDB-7581-87AB-000000000001": 0x8b22b130bd610c,
}

// groupValues are the values that spans of a scenario carry; nil is none.
var groupValues = []any{
	nil, nil, nil, nil, nil, nil, nil, nil, "order-13", "order-36", "order-10", "order-23", "order-22", "order-48", int64(42), "42",
	"0199c3e0-ccdb-7581-87ab-000000000001", "0199C3E0-CCDB-7581-87AB-000000000001", "unknown", "", true, 4.5, "\xff", int64(42),
}

// outerGroups are the values of the resources and scopes of spans, by the number of their surroundings. The first three have none, so that
// scenarios without groups are what they are without this file.
var outerGroups = [groupedSurroundings]struct{ resource, scope any }{
	3: {resource: "order-48"}, 4: {resource: "order-13", scope: "order-23"}, 5: {resource: int64(42), scope: "unknown"},
}

const plainSurroundings, groupedSurroundings = 3, 6

func surroundWithGroups(n int, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans) {
	putGroup(rs.Resource().Attributes(), outerGroups[n].resource)
	putGroup(ss.Scope().Attributes(), outerGroups[n].scope)
}

func putGroup(attributes pcommon.Map, value any) {
	if value != nil {
		_ = attributes.PutEmpty(groupAttribute).FromRaw(value) // the types of groupValues have no errors
	}
}

// groupSettings chooses what a scenario with groups is like. Traces are remembered for at least as long as spans are held: the rules leave
// open what becomes of held spans whose trace is forgotten.
func (c *choices) groupSettings(s *modelSettings) {
	s.sampledBefore = c.of(3)
	if s.wait > 0 {
		s.wait, s.maxTraces = min(s.wait, 3*time.Second), 100_000
	}
	if s.isSingly = c.of(8) == 7; s.isSingly {
		s.wait, s.maxSpans, s.keepsTraces = 0, 0, false
	}
}

// surroundings chooses how many surroundings the spans of a batch have.
func (c *choices) surroundings(s *modelSettings) int {
	if s.hasGroups && c.of(3) == 2 {
		return groupedSurroundings
	}
	return plainSurroundings
}

// group chooses the group of a span, and whether a sampler has decided it before.
func (c *choices) group(s *modelSpan, settings *modelSettings) {
	s.group = groupValues[c.of(len(groupValues))]
	if settings.sampledBefore == 0 || settings.sampledBefore == 1 && c.of(6) < 5 {
		s.state.hasRandomness, s.state.threshold = false, 0
	}
}

// modelGroup is the group of a trace, or of a span.
type modelGroup struct {
	has         bool
	group       uint64 // its randomness
	isOverruled bool   // an earlier sampler has decided, not the group
}

// modelRandomness is what decides a span that has no rv.
type modelRandomness struct {
	value              uint64
	isKnown, isOfGroup bool
}

// ownGroup returns the group of a span itself (G1, G3).
func (s *modelSpan) ownGroup() (g modelGroup) {
	outer := outerGroups[s.resource]
	for _, value := range []any{s.group, outer.scope, outer.resource} {
		if g.group, g.has = modelKeys[value]; g.has {
			break
		}
	}
	g.isOverruled = !s.state.isMalformed && (s.state.hasRandomness || s.state.hasThreshold && s.state.threshold > 0)
	return g
}

// findGroup finds the group of a trace in a batch, unless it is known (G4), and whether it is overruled (G3).
func (m *model) findGroup(t *modelTrace, spans []modelSpan) {
	if !m.hasGroups {
		return
	}
	var root, first *modelGroup
	hasRoot := false
	for i := range spans {
		if spans[i].trace != t.id {
			continue
		}
		own := spans[i].ownGroup()
		t.isOverruled = t.isOverruled || own.isOverruled
		if spans[i].isRoot && !hasRoot {
			if hasRoot = true; own.has {
				root = &own
			}
		}
		if own.has && first == nil {
			first = &own
		}
	}
	if root != nil {
		first = root
	}
	if !t.has && first != nil {
		t.has, t.group = true, first.group
	}
}

// isAnything reports whether there is something to remember about a trace.
func (t *modelTrace) isAnything() bool { return t.isNamed || t.isKept || t.has || t.isOverruled }

// isComplete reports whether the rate and the randomness of a trace are known.
func (m *model) isComplete(t *modelTrace) bool {
	return t.isNamed && (!m.hasGroups || t.has || t.isOverruled)
}

// use returns what is known of a trace whose held spans are decided, and remembers it for longer.
func (m *model) use(id pcommon.TraceID) *modelTrace {
	t := m.recall(id)
	if t.isAnything() {
		m.remember(t)
	}
	return &t
}

// groupOf returns the group that decides a span: that of its trace; t is nil if the span is decided by itself.
func (s *modelSpan) groupOf(t *modelTrace) modelGroup {
	if t != nil {
		return t.modelGroup
	}
	return s.ownGroup()
}

// randomness returns what decides a span unless its own rv does.
func (s *modelSpan) randomness(t *modelTrace) modelRandomness {
	if g := s.groupOf(t); g.has && !g.isOverruled {
		return modelRandomness{value: g.group, isKnown: true, isOfGroup: true}
	}
	return modelRandomness{value: low56(s.trace), isKnown: s.trace != pcommon.TraceID{}}
}

// randomnessesOf returns the randomness of a span, and the extremes of what a group that comes later could make of it.
func (m *model) randomnessesOf(s *modelSpan, t *modelTrace) []modelRandomness {
	all := []modelRandomness{s.randomness(t)}
	if m.hasGroups && !t.has && !t.isOverruled {
		all = append(all, modelRandomness{0, true, true}, modelRandomness{whole - 1, true, true})
	}
	return all
}

// countGroup counts a span that a rate decides, but its group does not (G3).
func (m *model) countGroup(s *modelSpan, t *modelTrace, rate float64) {
	if !m.hasGroups {
		return
	}
	g := s.groupOf(t)
	random := low56(s.trace)
	if s.state.hasRandomness && !s.state.isMalformed {
		random = s.state.randomness
	}
	switch {
	case g.has && g.isOverruled && random != g.group && rate > 0: // a rate of 0 reads no tracestate
		m.overruled++
	case !g.has && !g.isOverruled && rate > 0 && rate < 1:
		m.ungrouped++
	}
}
