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
		for request := range wholeTraces(newTraces(tasks, 1, n, start)) {
			for s := range spansIn(request) {
				if !yield(sentSpan{s.span, s.resource.AsRaw()}) {
					return
				}
			}
		}
	}
}
