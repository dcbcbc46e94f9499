// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// modelSettings are what the model knows of a configuration.
type modelSettings struct {
	rates                                             modelRates
	inherits, dropsInternal, keepsTraces, hasPriority bool
	maxTraces                                         int
	ttl                                               time.Duration
	wait                                              time.Duration // 0: nothing is held
	maxSpans                                          int
	hasGroups                                         bool // consistent_by is set
	isSingly                                          bool // each span is decided by itself (trace_id_ratio)
	sampledBefore                                     int  // how often spans carry an rv or a th above 0; 0: never
}

// modelSpan is a span that is sent.
type modelSpan struct {
	n                                      int // identifies it
	trace                                  pcommon.TraceID
	isRoot, isInternal, alwaysKept, failed bool
	priority                               int    // -1: none
	namespace                              string // "" and "unknown" are none
	group                                  any    // the value of its attribute, or nil
	state                                  modelState
	resource                               int
}

func (s *modelSpan) name() string {
	if s.namespace == "unknown" {
		return ""
	}
	return s.namespace
}

// modelOrigin is where spans came from.
type modelOrigin struct{ pipeline, client int }

// departure is a span that has left, as the next component sees it.
type departure struct {
	origin           modelOrigin
	at               time.Duration
	state, namespace string
	resource         int
}

// modelTrace is what is known of a trace.
type modelTrace struct {
	id      pcommon.TraceID
	isNamed bool
	name    string
	isKept  bool
	modelGroup
	lastSeen time.Duration
}

// modelHeld are the held spans of a trace.
type modelHeld struct {
	id    pcommon.TraceID
	since time.Duration
	spans []modelSpan
	from  []modelOrigin
}

// model samples spans by the rules.
type model struct {
	modelSettings
	now        time.Duration
	remembered []modelTrace // the last was seen last
	held       []modelHeld  // the first is held for longest
	refuses    bool         // the next components refuse everything

	// What is expected of the present step. drawn are the spans of departures that may as well be dropped (T9).
	departures map[int]departure
	drawn      map[int]drawn
	counts     map[string]int64 // of decided spans
	setAside   int64
	early      int64 // traces let go because too many spans were held
	forgotten  int64 // traces forgotten because too many were remembered
	lost       int64 // spans that were held and kept, and refused
	overruled  int64 // spans that another randomness than that of their group decided
	ungrouped  int64 // spans that a rate decided, without a group
}

// drawn are the counters of a span whose decision is random.
type drawn struct{ kept, dropped string }

func newModel(s modelSettings) *model { return &model{modelSettings: s, counts: map[string]int64{}} }

func (m *model) begin() { m.departures, m.drawn = map[int]departure{}, map[int]drawn{} }

// batch samples a batch. isRefused is true if the next component refused what left of it.
func (m *model) batch(from modelOrigin, spans []modelSpan, isRefused bool) {
	traces := m.tracesOf(spans)
	var waiting []modelSpan
	for _, s := range spans {
		t := traces[s.trace]
		if m.mustWait(&s, t) {
			waiting = append(waiting, s)
			continue
		}
		m.decide(from, &s, t, false)
	}
	for _, s := range waiting {
		if !isRefused {
			m.hold(from, s)
			continue
		}
		m.decide(from, &s, traces[s.trace], false) // it is counted as the rest of its batch is, and not passed on
		delete(m.departures, s.n)
	}
	for _, h := range slices.Clone(m.held) {
		if t := traces[h.id]; t != nil && (m.isComplete(t) || t.isKept) {
			m.letGo(h, t)
		}
	}
	for m.maxSpans > 0 && m.spansHeld() > m.maxSpans {
		m.letGo(m.held[0], m.use(m.held[0].id))
		m.early++
	}
}

// tracesOf returns what is known of the traces of a batch, and remembers it (T16, T18).
func (m *model) tracesOf(spans []modelSpan) map[pcommon.TraceID]*modelTrace {
	traces := map[pcommon.TraceID]*modelTrace{}
	if m.isSingly {
		return traces
	}
	for _, s := range spans {
		if s.trace == (pcommon.TraceID{}) || traces[s.trace] != nil {
			continue
		}
		t := m.recall(s.trace)
		var root, first *modelSpan
		for i := range spans {
			o := &spans[i]
			if o.trace != s.trace {
				continue
			}
			t.isKept = t.isKept || m.keepsTraces && o.failed
			if o.isRoot && root == nil {
				root = o
			}
			if first == nil && o.name() != "" {
				first = o
			}
		}
		if root != nil && root.name() != "" {
			first = root
		}
		if !t.isNamed && first != nil {
			t.isNamed, t.name = true, first.name()
		}
		m.findGroup(&t, spans)
		traces[s.trace] = &t
	}
	for _, s := range spans {
		if t := traces[s.trace]; t != nil && t.isAnything() {
			m.remember(*t)
		}
	}
	return traces
}

func (m *model) recall(id pcommon.TraceID) modelTrace {
	m.remembered = slices.DeleteFunc(m.remembered, func(t modelTrace) bool { return m.now-t.lastSeen > m.ttl })
	for _, t := range m.remembered {
		if t.id == id {
			return t
		}
	}
	return modelTrace{id: id}
}

func (m *model) remember(t modelTrace) {
	n := len(m.remembered)
	m.remembered = slices.DeleteFunc(m.remembered, func(o modelTrace) bool { return o.id == t.id })
	if len(m.remembered) == n && n == m.maxTraces {
		m.remembered = m.remembered[1:]
		m.forgotten++
	}
	t.lastSeen = m.now
	m.remembered = append(m.remembered, t)
}

// exemption returns what decides a span before rates do; rule is "" if nothing does (4.3).
func (m *model) exemption(s *modelSpan, t *modelTrace) (keep bool, rule string) {
	switch {
	case m.dropsInternal && s.isInternal:
		return false, "internal"
	case s.alwaysKept:
		return true, "always_keep"
	case t != nil && t.isKept, t == nil && m.keepsTraces && s.failed:
		return true, "always_keep_trace"
	case m.hasPriority && s.priority >= 0:
		return s.priority > 0, "priority"
	}
	return false, ""
}

// mustWait reports whether a span is held (T19): what becomes of it without a name or a group is compared with what any name, any group, and
// T18, could make of it.
func (m *model) mustWait(s *modelSpan, t *modelTrace) bool {
	if m.wait == 0 || t == nil || m.isComplete(t) {
		return false
	}
	if _, rule := m.exemption(s, t); rule != "" {
		return false
	}
	rate, _ := m.rates.of(t.name)
	now := m.rates.decide(s.randomness(t), s.state, rate)
	if m.keepsTraces && (!now.keep || now.state != s.state.raw()) {
		return true
	}
	rates := []float64{rate}
	if !t.isNamed {
		rates = m.rates.ofNames()
	}
	for _, rate := range rates {
		for _, by := range m.randomnessesOf(s, t) {
			other := m.rates.decide(by, s.state, rate)
			if other.keep != now.keep || other.keep && (m.inherits && !t.isNamed || other.state != now.state) {
				return true
			}
		}
	}
	return false
}

func (m *model) hold(from modelOrigin, s modelSpan) {
	m.setAside++
	i := slices.IndexFunc(m.held, func(h modelHeld) bool { return h.id == s.trace })
	if i < 0 {
		i = len(m.held)
		m.held = append(m.held, modelHeld{id: s.trace, since: m.now})
	}
	m.held[i].spans, m.held[i].from = append(m.held[i].spans, s), append(m.held[i].from, from)
}

func (m *model) spansHeld() (n int) {
	for _, h := range m.held {
		n += len(h.spans)
	}
	return n
}

// letGo decides the held spans of a trace.
func (m *model) letGo(h modelHeld, t *modelTrace) {
	m.held = slices.DeleteFunc(m.held, func(o modelHeld) bool { return o.id == h.id })
	for i := range h.spans {
		m.decide(h.from[i], &h.spans[i], t, true)
	}
}

// pass lets time pass.
func (m *model) pass(d time.Duration) {
	until := m.now + d
	for len(m.held) > 0 && m.held[0].since+m.wait <= until {
		m.now = m.held[0].since + m.wait
		m.letGo(m.held[0], m.use(m.held[0].id))
	}
	m.now = until
}

// stop stops a pipeline, which decides what it holds.
func (m *model) stop(pipeline int) {
	for i := 0; i < len(m.held); i++ {
		h := &m.held[i]
		var spans []modelSpan
		var from []modelOrigin
		for j := range h.spans {
			if h.from[j].pipeline == pipeline {
				m.decide(h.from[j], &h.spans[j], m.use(h.id), true)
			} else {
				spans, from = append(spans, h.spans[j]), append(from, h.from[j])
			}
		}
		h.spans, h.from = spans, from
	}
	m.held = slices.DeleteFunc(m.held, func(h modelHeld) bool { return len(h.spans) == 0 })
}

// decide decides a span, which leaves or is dropped.
func (m *model) decide(from modelOrigin, s *modelSpan, t *modelTrace, wasHeld bool) {
	own := s.name()
	label := own
	if own == "" && t != nil && t.isNamed {
		label = t.name
	}
	written := s.namespace
	if own == "" && m.inherits && t != nil && t.isNamed { // T20
		written = t.name
	}
	if label == "" {
		label = "_none"
	}

	keep, rule := m.exemption(s, t)
	d := modelDecision{keep: keep, state: s.state.raw()}
	if rule == "" {
		by := own
		if t != nil {
			by = t.name
		}
		var rate float64
		rate, rule = m.rates.of(by)
		if t != nil && t.isNamed && own != t.name {
			rule = "trace"
		}
		d = m.rates.decide(s.randomness(t), s.state, rate)
		m.countGroup(s, t, rate)
	}
	kept, dropped := "kept "+label+" "+rule, "dropped "+label+" "+rule
	switch {
	case d.drawn:
		m.drawn[s.n] = drawn{kept, dropped}
	case d.keep:
		m.counts[kept]++
	default:
		m.counts[dropped]++
		return
	}
	m.departures[s.n] = departure{origin: from, at: m.now, state: d.state, namespace: written, resource: s.resource}
	if wasHeld && m.refuses {
		m.lost++
	}
}
