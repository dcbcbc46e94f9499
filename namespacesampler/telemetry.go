// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// rule is what decided an item, as internal metrics have it (C9).
type rule uint8

const (
	ruleExact rule = iota
	ruleGlobal
	ruleDisabled
	ruleUnavailable
	rulePassed
	rules // their number
)

var ruleNames = [rules]string{
	ruleExact: "exact", ruleGlobal: "global", ruleDisabled: "disabled", ruleUnavailable: "unavailable", rulePassed: "passed",
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

// slot is a namespace: its rate, and what happened to its items since the last report.
type slot struct {
	match  *rate.Match
	rule   rule
	label  *label
	counts [rules][decisions]int64
	used   bool
}

// count counts an item.
func (s *slot) count(r rule, keep bool) bool {
	if keep {
		s.counts[r][kept]++
	} else {
		s.counts[r][dropped]++
	}
	return keep
}

// tally finds the rate of namespaces and counts what happened to the items of a batch. It is reused from batch to batch
// and remembers the namespaces that it saw, so that an item costs no more than finding its slot.
type tally struct {
	table  *rate.Table
	labels *labels
	slots  map[string]*slot
	bytes  int // of the names in slots
	used   []*slot
	last   *slot
	name   string // of last
	faults [len(faultOptions)]int64
}

func newTally(table *rate.Table, labels *labels) *tally {
	return &tally{table: table, labels: labels, slots: map[string]*slot{}}
}

// slot returns the slot of a namespace, "" for none.
func (t *tally) slot(name string) *slot {
	if t.last != nil && t.name == name {
		return t.last
	}
	s, ok := t.slots[name]
	if !ok {
		s = t.newSlot(strings.Clone(name)) // not to hold the telemetry that it came in
	}
	if !s.used {
		s.used = true
		t.used = append(t.used, s)
	}
	t.last, t.name = s, name
	return s
}

func (t *tally) newSlot(name string) *slot {
	s := &slot{match: t.table.Lookup(name), label: t.labels.of(name), rule: ruleGlobal}
	if s.match.Rule == rate.Exact {
		s.rule = ruleExact
	}
	t.slots[name] = s
	t.bytes += len(name)
	return s
}

// fault counts a fault of a tracestate.
func (t *tally) fault(f decision.Fault) {
	if f != decision.NoFault {
		t.faults[f]++
	}
}

// report adds what was counted to the metrics and starts anew.
func (t *tally) report(ctx context.Context, items, faults metric.Int64Counter) {
	for _, s := range t.used {
		for r := range s.counts {
			for d, n := range s.counts[r] {
				if n > 0 {
					items.Add(ctx, n, s.label.options[r][d]...)
					s.counts[r][d] = 0
				}
			}
		}
		s.used = false
	}
	clear(t.used)
	t.used, t.last, t.name = t.used[:0], nil, ""
	if t.bytes > maxTallyBytes {
		clear(t.slots)
		t.bytes = 0
	}
	for f, n := range t.faults {
		if n > 0 {
			faults.Add(ctx, n, faultOptions[f]...)
			t.faults[f] = 0
		}
	}
}
