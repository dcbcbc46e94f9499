// SPDX-License-Identifier: Apache-2.0

package tracememory

import (
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Known is what is known of a trace. The zero value is nothing.
type Known struct {
	// Trace is what has settled the rate of the trace, or nil if nothing has.
	Trace *Trace
	// Group is the group of the trace (G4).
	Group group.Group
}

// IsNamed reports whether a namespace has settled the trace.
func (k Known) IsNamed() bool { return k.Trace != nil && k.Trace.IsNamed }

// IsKept reports whether the trace is kept whole.
func (k Known) IsKept() bool { return k.Trace != nil && k.Trace.IsKept }

// with returns what is known by k and, later, by other.
func (k Known) with(other Known) Known {
	switch {
	case k.Trace == nil:
		k.Trace = other.Trace
	case other.Trace != nil:
		k.Trace = k.Trace.with(other.Trace)
	}
	k.Group = k.Group.With(other.Group)
	return k
}

// Trace is what has settled the rate of a trace. It is immutable: the traces of a namespace share it.
type Trace struct {
	// Rate is the rate of the trace. It is remembered, never a decision, so that late spans are stamped correctly.
	Rate *rate.Match
	// Label counts the spans of the trace that have no namespace.
	Label *labels.Label
	// IsNamed reports whether a namespace settled the trace. Name is that namespace; it is empty if the name is too long.
	IsNamed bool
	Name    string
	// IsKept reports whether the trace is kept whole (T18). Its rate is 1 then.
	IsKept bool
	// SiftedAt is the probability of a rate that the randomness of the trace passes, because it would not have been settled otherwise: its spans
	// stand for those of other traces. It is 0 if any trace would have been settled (B2).
	SiftedAt float64

	kept *Trace
}

// keptRate is the rate of traces that are kept whole.
var keptRate = &rate.Match{Rate: rate.Always}

// NewTrace returns what is remembered of traces that are settled by a namespace, or of those without one if isNamed is false.
func NewTrace(match *rate.Match, label *labels.Label, isNamed bool, name string) *Trace {
	t := &Trace{Rate: match, Label: label, IsNamed: isNamed, Name: name}
	t.kept = &Trace{Rate: keptRate, Label: label, IsNamed: isNamed, Name: name, IsKept: true}
	t.kept.kept = t.kept
	return t
}

// Sifted returns the same trace, settled because it passes a rate.
func (t *Trace) Sifted(probability float64) *Trace {
	sifted := *t
	sifted.SiftedAt = probability
	return &sifted
}

// Kept returns the same trace, kept whole.
func (t *Trace) Kept() *Trace { return t.kept }

// with returns what is known of a trace by t and, later, by other: the first namespace stays, and what is kept whole stays so.
func (t *Trace) with(other *Trace) *Trace {
	known := t
	if !t.IsNamed && other.IsNamed {
		known = other
	}
	if t.IsKept || other.IsKept {
		return known.kept
	}
	return known
}
