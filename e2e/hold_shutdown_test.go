// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// TestHeldSpansArriveWhenTheCollectorStops: SIGTERM while 10,000 spans are held, which came in small and in large requests.
func TestHeldSpansArriveWhenTheCollectorStops(t *testing.T) { // T19
	t.Parallel()
	const small, large, n = 1000, 100, 10_000
	for _, rate := range []float64{1, 0.5} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			sink := harness.NewSink(t)
			collector := harness.Start(t, harness.Options{Sink: sink, Processor: fmt.Sprintf(`
sample_rate: %v
namespaces: {payments: 1} # which may name any of them
tracing: {hold: {wait: 1h}}
`, rate)})
			client := harness.NewClient(t, collector)
			spans, want := randomSpans(random(), n, nil), outcomes{}
			want.expect(t, rate, spans...)
			for rest, size := spans, 1; len(rest) > 0; rest = rest[size:] {
				if n-len(rest) >= small {
					size = large
				}
				client.Traces(traces(t, attrs{"service.name": fmt.Sprint(size)}, nil, rest[:size]...))
			}
			require.True(t, harness.Eventually(time.Minute, func() bool {
				return collector.Scrape().Sum(harness.Prefix+"held_spans", nil) == n
			}), "all are held")
			require.Empty(t, sink.Spans())

			collector.Stop() // with exit status 0 and a clean log: nothing is reported as lost
			arrived := sink.Spans()
			assert.Equal(t, want, outcomesOf(arrived))
			assert.Len(t, arrived, len(want), "each once")
			for _, s := range arrived {
				service, _ := s.Resource.Attributes().Get("service.name")
				assert.Contains(t, []string{"1", "100"}, service.Str())
			}
		})
	}
}
