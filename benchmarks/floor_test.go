// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"encoding/binary"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// keptNamespace is a namespace of which both the floor and the processor keep all spans. No span of a measured batch has it, but it
// must be compared.
const keptNamespace = "kept"

// floorThreshold is the rejection threshold of rate 0.1 with 4 digits of precision.
const floorThreshold = 0xe666 << 40

// floor returns a loop that reads an attribute, compares it, and removes the spans that the processor removes at rate 0.1.
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
