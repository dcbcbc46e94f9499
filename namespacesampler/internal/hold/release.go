// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// Release is spans that are let go together: they came by one outlet from one client.
type Release struct {
	// Client is the client that the spans came from.
	Client client.Info
	// Settled is what their traces were settled by. Traces whose time was up are not listed.
	Settled map[pcommon.TraceID]*tracememory.Trace

	chunks []chunk
	spans  int
}

// maxReleaseSpans bounds the spans that leave in one call, unless a part of one trace has more, so that a call does not grow beyond what
// receivers accept.
const maxReleaseSpans = 1000

// Len returns the number of spans.
func (r *Release) Len() int { return r.spans }

// Take returns the spans, in their resources and scopes, and for each of them, in the same order, whether nothing is left to be looked up for
// it. It may be called once.
func (r *Release) Take() (td ptrace.Traces, isAnswered []bool) {
	td = ptrace.NewTraces()
	byScope := map[*surroundings][]*chunk{}
	var order []*surroundings
	for i := range r.chunks {
		c := &r.chunks[i]
		if byScope[c.around] == nil {
			order = append(order, c.around)
		}
		byScope[c.around] = append(byScope[c.around], c)
	}
	isAnswered = make([]bool, 0, r.spans)
	for _, around := range order {
		spans := around.appendTo(td)
		for _, c := range byScope[around] {
			for range c.spans.Len() {
				isAnswered = append(isAnswered, c.isAnswered)
			}
			c.spans.MoveAndAppendTo(spans)
		}
	}
	return td, isAnswered
}

// appendTo appends a resource and a scope without spans, and returns where its spans belong.
func (s *surroundings) appendTo(td ptrace.Traces) ptrace.SpanSlice {
	rs := td.ResourceSpans().AppendEmpty()
	s.resource.CopyTo(rs)
	ss := rs.ScopeSpans().AppendEmpty()
	s.scope.CopyTo(ss)
	return ss.Spans()
}

// List is spans that are to be let go, in calls.
type List struct {
	releases []*Release // in order
	open     map[*origin]*Release
	spans    int
}

// add adds a chunk of a trace. settled is nil if its time was up.
func (l *List) add(c chunk, settled *tracememory.Trace) {
	n := c.spans.Len()
	r := l.open[c.origin]
	if r == nil || r.spans+n > maxReleaseSpans {
		r = &Release{Client: c.origin.client, Settled: map[pcommon.TraceID]*tracememory.Trace{}}
		l.releases = append(l.releases, r)
		if l.open == nil {
			l.open = map[*origin]*Release{}
		}
		l.open[c.origin] = r
	}
	r.chunks = append(r.chunks, c)
	r.spans += n
	l.spans += n
	if settled != nil {
		r.Settled[c.id] = settled
	}
}

// next removes the first call from the list, and returns it; nil if the list is empty.
func (l *List) next() *Release {
	if len(l.releases) == 0 {
		*l = List{}
		return nil
	}
	r := l.releases[0]
	l.releases[0] = nil
	l.releases = l.releases[1:]
	l.spans -= r.spans
	if from := r.chunks[0].origin; l.open[from] == r {
		delete(l.open, from)
	}
	return r
}
