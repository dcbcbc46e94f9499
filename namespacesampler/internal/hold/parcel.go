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
	around *surroundings // of the current scope; nil if none of its spans was added yet
	inside ptrace.ScopeSpans
}

// chunk is spans of one trace and one scope of a batch.
type chunk struct {
	id     pcommon.TraceID
	origin *origin
	around *surroundings
	spans  ptrace.SpanSlice
	// isAnswered is true if nothing is left to be looked up for the spans.
	isAnswered bool
}

// surroundings are the resource and the scope of held spans: those of the batch without its spans.
type surroundings struct {
	resource ptrace.ResourceSpans
	scope    ptrace.ScopeSpans
}

// Add moves a span of a scope and its resource into the parcel. isAnswered is true if nothing is left to be looked up for it.
func (p *Parcel) Add(rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span, isAnswered bool) {
	if p.around == nil || p.inside != ss {
		p.around, p.inside = surroundingsOf(rs, ss), ss
	}
	id := span.TraceID()
	last := len(p.chunks) - 1
	if last < 0 || p.chunks[last].id != id || p.chunks[last].around != p.around || p.chunks[last].isAnswered != isAnswered {
		p.chunks = append(p.chunks, chunk{id: id, around: p.around, spans: ptrace.NewSpanSlice(), isAnswered: isAnswered})
		last++
	}
	span.MoveTo(p.chunks[last].spans.AppendEmpty())
	p.spans++
}

func surroundingsOf(rs ptrace.ResourceSpans, ss ptrace.ScopeSpans) *surroundings {
	s := &surroundings{resource: ptrace.NewResourceSpans(), scope: ptrace.NewScopeSpans()}
	rs.Resource().CopyTo(s.resource.Resource())
	s.resource.SetSchemaUrl(rs.SchemaUrl())
	ss.Scope().CopyTo(s.scope.Scope())
	s.scope.SetSchemaUrl(ss.SchemaUrl())
	return s
}

// IsEmpty reports whether no spans were added.
func (p *Parcel) IsEmpty() bool { return p.spans == 0 }

// Len returns the number of spans.
func (p *Parcel) Len() int { return p.spans }

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
