// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"iter"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Parcel collects the spans of a batch that are to be held. It is not safe for concurrent use.
type Parcel struct {
	chunks []chunk
	spans  int
	// Of the last span that was added.
	rs    ptrace.ResourceSpans
	ss    ptrace.ScopeSpans
	scope *scope
}

// chunk is spans of one trace and one scope of a batch.
type chunk struct {
	id     pcommon.TraceID
	origin *origin
	scope  *scope
	spans  ptrace.SpanSlice
}

// scope is a scope of the batch without its spans, and resource its resource without its scopes.
type (
	scope struct {
		resource *resource
		ptrace.ScopeSpans
	}
	resource struct{ ptrace.ResourceSpans }
)

// Add moves a span of a scope and its resource into the parcel.
func (p *Parcel) Add(rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span) {
	p.enter(rs, ss)
	id := span.TraceID()
	last := len(p.chunks) - 1
	if last < 0 || p.chunks[last].id != id || p.chunks[last].scope != p.scope {
		p.chunks = append(p.chunks, chunk{id: id, scope: p.scope, spans: ptrace.NewSpanSlice()})
		last++
	}
	span.MoveTo(p.chunks[last].spans.AppendEmpty())
	p.spans++
}

// enter copies a scope and its resource, unless they are those of the last span.
func (p *Parcel) enter(rs ptrace.ResourceSpans, ss ptrace.ScopeSpans) {
	if p.scope != nil && p.ss == ss {
		return
	}
	next := &scope{ScopeSpans: ptrace.NewScopeSpans()}
	ss.Scope().CopyTo(next.Scope())
	next.SetSchemaUrl(ss.SchemaUrl())
	if p.scope != nil && p.rs == rs {
		next.resource = p.scope.resource
	} else {
		next.resource = &resource{ptrace.NewResourceSpans()}
		rs.Resource().CopyTo(next.resource.Resource())
		next.resource.SetSchemaUrl(rs.SchemaUrl())
	}
	p.rs, p.ss, p.scope = rs, ss, next
}

// Len returns the number of spans.
func (p *Parcel) Len() int { return p.spans }

// Traces returns the IDs of the traces of the spans. Some may occur more than once.
func (p *Parcel) Traces() []pcommon.TraceID {
	ids := make([]pcommon.TraceID, 0, len(p.chunks))
	for i := range p.chunks {
		if id := p.chunks[i].id; len(ids) == 0 || ids[len(ids)-1] != id {
			ids = append(ids, id)
		}
	}
	return ids
}

// Take returns the spans in their resources and scopes, and empties the parcel.
func (p *Parcel) Take() ptrace.Traces {
	td := take(p.chunks)
	p.reset()
	return td
}

// Spans yields the spans.
func (p *Parcel) Spans() iter.Seq[ptrace.Span] {
	return func(yield func(ptrace.Span) bool) {
		for i := range p.chunks {
			for _, span := range p.chunks[i].spans.All() {
				if !yield(span) {
					return
				}
			}
		}
	}
}

func (p *Parcel) reset() {
	clear(p.chunks)
	*p = Parcel{chunks: p.chunks[:0]}
}
