// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"encoding/binary"
	"maps"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// adjustedCount returns the number of spans that a kept span stands for.
func adjustedCount(t *testing.T, span ptrace.Span) float64 {
	t.Helper()
	state, err := sampling.NewW3CTraceState(span.TraceState().AsRaw())
	require.NoError(t, err)
	if threshold, ok := state.OTelValue().TValueThreshold(); ok {
		return threshold.AdjustedCount()
	}
	return 1
}

// TestEstimatesStayUnbiasedWhereFailingTracesAreKept: 20,000 traces of 5 spans at a rate of 0.01, one in ten with a failed span anywhere, the
// root last. What is kept of the others are whole traces, so that the estimate has the variance of a binomial of traces; the interval is that
// of 99.99 %. IDs are drawn from a fixed seed.
func TestEstimatesStayUnbiasedWhereFailingTracesAreKept(t *testing.T) { // T17, T18, B9
	const traces, size, p = 20_000, 5, 0.01
	for name, tt := range map[string]struct {
		hold     map[string]any
		pieces   int
		isNamed  bool // all spans name the namespace, not only the root
		allWhole bool
	}{
		"in one batch":                             {pieces: 1, allWhole: true},
		"cut, only the root has a name":            {pieces: size},
		"cut, all spans have names":                {pieces: size, isNamed: true},
		"cut, held, only the root has a name":      {hold: map[string]any{"wait": "2s"}, pieces: size, allWhole: true},
		"cut, held, all spans have names":          {hold: map[string]any{"wait": "2s"}, pieces: size, isNamed: true},
		"cut, held, the root comes after the wait": {hold: map[string]any{"wait": "1ms"}, pieces: size},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tracing := map[string]any{"always_keep_traces": []any{isError}}
				maps.Copy(tracing, map[string]any{"hold": tt.hold})
				h := samplertest.Start(t, map[string]any{"sample_rate": 0.5, "namespaces": map[string]any{"analytics": p}, "tracing": tracing})
				r := rand.New(rand.NewPCG(1, 2))
				isFailing, arrived := map[pcommon.TraceID]bool{}, map[pcommon.TraceID]int{}
				for range traces / 1000 {
					batches := make([][]samplertest.Span, tt.pieces)
					fails := make([][]int, tt.pieces)
					for i := range 1000 {
						var id pcommon.TraceID
						binary.BigEndian.PutUint64(id[:8], r.Uint64())
						binary.BigEndian.PutUint64(id[8:], r.Uint64())
						failing := -1
						if i%10 == 0 {
							failing, isFailing[id] = r.IntN(size), true
						}
						for n := range size {
							span := samplertest.Span{ID: id, Root: n == size-1}
							if span.Root || tt.isNamed {
								span.Attributes = named("analytics")
							}
							batch := n * tt.pieces / size
							if n == failing {
								fails[batch] = append(fails[batch], len(batches[batch]))
							}
							batches[batch] = append(batches[batch], span)
						}
					}
					for i, spans := range batches {
						require.NoError(t, h.Traces.ConsumeTraces(t.Context(), failed(samplertest.TracesOf(t, spans...), fails[i]...)))
						if tt.hold != nil {
							time.Sleep(10 * time.Millisecond)
						}
					}
				}
				time.Sleep(3 * time.Second)
				synctest.Wait()
				adjusted := 0.0
				for _, span := range left(h) {
					arrived[span.TraceID()]++
					adjusted += adjustedCount(t, span)
				}
				whole := 0
				for id := range isFailing {
					if arrived[id] == size {
						whole++
					}
				}
				sigma := size * math.Sqrt(0.9*traces*p*(1-p)) / p
				assert.InDelta(t, traces*size, adjusted, 3.9*sigma)
				if tt.allWhole {
					assert.Equal(t, len(isFailing), whole)
				}
				t.Logf("%d spans were estimated as %.0f, ± %.0f; %d of %d failing traces are whole", traces*size, adjusted, 3.9*sigma, whole, len(isFailing))
			})
		})
	}
}
