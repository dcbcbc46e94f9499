// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"encoding/binary"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// keptNamespace is the namespace that keeps all of its spans, by the floor as by ours. No span of a batch has it: it is there to be
// compared with.
const keptNamespace = "kept"

// floorThreshold is that of rate 0.1 at the precision of 4 digits. What is below is dropped.
const floorThreshold = 0xe666 << 40

// floor returns the least that sampling by an attribute costs: a loop that reads it, compares, and removes the spans that ours
// removes at rate 0.1. It has nothing that is not needed for that.
func floor(attribute string) loop[ptrace.Traces] {
	return loop[ptrace.Traces]{name: "floor", walk: func(td ptrace.Traces) {
		td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
			rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
				ss.Spans().RemoveIf(func(span ptrace.Span) bool {
					if value, ok := span.Attributes().Get(attribute); ok && value.Str() == keptNamespace {
						return false
					}
					id := span.TraceID()
					return binary.BigEndian.Uint64(id[8:])&(1<<56-1) < floorThreshold
				})
				return ss.Spans().Len() == 0
			})
			return rs.ScopeSpans().Len() == 0
		})
	}}
}
