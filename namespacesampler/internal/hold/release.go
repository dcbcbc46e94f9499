// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// Release is released spans that are sent together: they came by one pipeline from one client.
type Release struct {
	// Client is the client that the spans came from.
	Client client.Info
	// Settled is what their traces were settled by. Traces that nothing has settled are not listed.
	Settled map[pcommon.TraceID]tracememory.Known

	origin   *origin
	chunks   []chunk       // nil once Spans was called
	td       ptrace.Traces // the spans, from then on
	spans    int
	receipts []*Receipt
}

// maxReleaseSpans bounds the spans of a release, unless a part of one trace has more, so that a call does not grow beyond what receivers
// accept.
const maxReleaseSpans = 1000

// queue is releases in order.
type queue []*Release

// take removes the first release, and returns it; nil if there is none. No more spans are added to it.
func (q *queue) take() *Release {
	if len(*q) == 0 {
		return nil
	}
	r := (*q)[0]
	(*q)[0] = nil
	if *q = (*q)[1:]; len(*q) == 0 {
		*q = nil
	}
	if r.origin.last == r {
		r.origin.last = nil
	}
	return r
}

func (r *Release) add(c *chunk, settled tracememory.Known) {
	r.chunks = append(r.chunks, *c)
	r.spans += c.spans.Len()
	if settled != (tracememory.Known{}) {
		r.Settled[c.id] = settled
	}
}

// Spans returns the spans in their resources and scopes. Those that are removed from it are gone.
func (r *Release) Spans() ptrace.Traces {
	if r.chunks != nil {
		r.td, r.chunks = take(r.chunks), nil
	}
	return r.td
}

func take(chunks []chunk) ptrace.Traces {
	td := ptrace.NewTraces()
	resources, scopes := map[*resource]ptrace.ResourceSpans{}, map[*scope]ptrace.ScopeSpans{}
	for i := range chunks {
		c := &chunks[i]
		ss, ok := scopes[c.scope]
		if !ok {
			rs, ok := resources[c.scope.resource]
			if !ok {
				rs = td.ResourceSpans().AppendEmpty()
				c.scope.resource.CopyTo(rs)
				resources[c.scope.resource] = rs
			}
			ss = rs.ScopeSpans().AppendEmpty()
			c.scope.CopyTo(ss)
			scopes[c.scope] = ss
		}
		c.spans.MoveAndAppendTo(ss.Spans())
	}
	return td
}
