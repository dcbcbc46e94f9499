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
	Settled map[pcommon.TraceID]*tracememory.Trace

	origin *origin
	chunks []chunk
	spans  int

	receipts []*Receipt
}

// maxReleaseSpans bounds the spans of a release, unless a part of one trace has more, so that a call does not grow beyond what receivers
// accept.
const maxReleaseSpans = 1000

func (r *Release) add(c *chunk, settled *tracememory.Trace) {
	r.chunks = append(r.chunks, *c)
	r.spans += c.spans.Len()
	if settled != nil {
		r.Settled[c.id] = settled
	}
}

// Take returns the spans in their resources and scopes. It may be called once.
func (r *Release) Take() ptrace.Traces { return take(r.chunks) }

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
