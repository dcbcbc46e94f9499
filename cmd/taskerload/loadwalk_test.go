// SPDX-License-Identifier: Apache-2.0

package main

import (
	"iter"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

type sentSpan struct {
	span     ptrace.Span
	resource map[string]any
}

func spansOf(tasks []task, n int, start time.Time) iter.Seq[sentSpan] {
	return func(yield func(sentSpan) bool) {
		for request := range spanRequests(tasks, 1, n, start) {
			for _, resource := range request.ResourceSpans().All() {
				raw := resource.Resource().Attributes().AsRaw()
				for _, span := range resource.ScopeSpans().At(0).Spans().All() {
					if !yield(sentSpan{span, raw}) {
						return
					}
				}
			}
		}
	}
}
