// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// rule is what decided an item, as internal metrics have it (C9).
type rule uint8

const (
	ruleExact rule = iota
	rulePattern
	ruleGlobal
	ruleTrace
	ruleAlwaysKeep
	ruleInternal
	rulePriority
	ruleDisabled
	ruleUnavailable
	rulePassed
	rules // their number
)

var ruleNames = [rules]string{
	ruleExact: "exact", rulePattern: "pattern", ruleGlobal: "global", ruleTrace: "trace", ruleAlwaysKeep: "always_keep",
	ruleInternal: "internal", rulePriority: "priority", ruleDisabled: "disabled", ruleUnavailable: "unavailable", rulePassed: "passed",
}

const (
	dropped = iota
	kept
	decisions // their number
)

var decisionNames = [decisions]string{dropped: "dropped", kept: "kept"}

// maxTallyBytes bounds the names that a tally remembers from batch to batch: they come from telemetry, and are not to grow
// without end.
const maxTallyBytes = 256 << 10

// nearSlots is more than the namespaces that most batches have.
const (
	nearBits  = 8
	nearSlots = 1 << nearBits
)

// nearSlot is a slot that was found lately. Most items find theirs here, for a third of what the map takes.
type nearSlot struct {
	name string
	*slot
}

// nearness returns where a name is to be found, by its length, its first and its last bytes.
func nearness(name string) uint32 {
	n := len(name)
	h := uint32(n) //nolint:gosec // a hash
	switch {
	case n >= 4:
		h ^= uint32(name[0])<<8 ^ (uint32(name[n-4]) | uint32(name[n-3])<<8 | uint32(name[n-2])<<16 | uint32(name[n-1])<<24)
	case n > 0:
		h ^= uint32(name[0])<<8 ^ uint32(name[n-1])<<24
	}
	return h * 0x9e3779b1 >> (32 - nearBits)
}

// slot is a namespace: its rate, and the counters of its items.
type slot struct {
	name  string
	match *rate.Match
	rule  rule
	*counters
}

// counters are what happened to the items of a label since the last report.
type counters struct {
	label  *label
	counts [rules][decisions]int64
	used   bool
}

// count counts an item.
func (c *counters) count(r rule, keep bool) bool {
	if keep {
		c.counts[r][kept]++
	} else {
		c.counts[r][dropped]++
	}
	return keep
}

// tally finds the rate of namespaces and counts what happened to the items of a batch. It is reused from batch to batch
// and remembers the namespaces that it saw, so that an item costs no more than finding its slot.
type tally struct {
	kind     itemKind
	table    *rate.Table
	labels   *labels
	slots    map[string]*slot
	bytes    int         // of the names in slots
	counters []*counters // by the index of their label
	used     []*counters
	near     [nearSlots]nearSlot
	faults   [len(faultOptions)]int64
}

func newTally(kind itemKind, labels *labels) *tally {
	return &tally{kind: kind, labels: labels, slots: map[string]*slot{}}
}

// goBy makes a table the one that rates are found in, and forgets those of another.
func (t *tally) goBy(table *rate.Table) {
	t.table = table
	t.forget()
}

// forget forgets the slots.
func (t *tally) forget() {
	clear(t.slots)
	clear(t.near[:])
	t.bytes = 0
}

// slot returns the slot of a namespace, "" for none.
func (t *tally) slot(name string) *slot {
	near := &t.near[nearness(name)]
	if near.slot == nil || near.name != name {
		s, ok := t.slots[name]
		if !ok {
			s = t.newSlot(strings.Clone(name)) // not to hold the telemetry that it came in
		}
		*near = nearSlot{s.name, s}
	}
	t.use(near.counters)
	return near.slot
}

func (t *tally) newSlot(name string) *slot {
	s := &slot{name: name, match: t.table.Lookup(name), rule: ruleGlobal, counters: t.countersOf(t.labels.of(name))}
	switch s.match.Rule {
	case rate.Exact:
		s.rule = ruleExact
	case rate.Pattern:
		s.rule = rulePattern
	case rate.Global:
	}
	t.slots[name] = s
	t.bytes += len(name)
	return s
}

// countersOf returns the counters of a label.
func (t *tally) countersOf(l *label) *counters {
	if missing := l.index + 1 - len(t.counters); missing > 0 {
		t.counters = append(t.counters, make([]*counters, missing)...)
	}
	c := t.counters[l.index]
	if c == nil {
		c = &counters{label: l}
		t.counters[l.index] = c
	}
	t.use(c)
	return c
}

func (t *tally) use(c *counters) {
	if !c.used {
		c.used = true
		t.used = append(t.used, c)
	}
}

// fault counts a fault of a tracestate.
func (t *tally) fault(f decision.Fault) {
	if f != decision.NoFault {
		t.faults[f]++
	}
}

// report adds what was counted to the metrics and starts anew.
func (t *tally) report(ctx context.Context, items, faults metric.Int64Counter) {
	now := time.Now()
	for _, c := range t.used {
		options := c.label.options.Load()
		var sums [decisions]int64
		for r := range c.counts {
			for d, n := range c.counts[r] {
				if n > 0 {
					items.Add(ctx, n, options[r][d]...)
					sums[d] += n
					c.counts[r][d] = 0
				}
			}
		}
		c.label.seen[t.kind].add(sums, now)
		c.used = false
	}
	clear(t.used)
	t.used = t.used[:0]
	if t.bytes > maxTallyBytes {
		t.forget()
		clear(t.counters)
	}
	for f, n := range t.faults {
		if n > 0 {
			faults.Add(ctx, n, faultOptions[f]...)
			t.faults[f] = 0
		}
	}
}
