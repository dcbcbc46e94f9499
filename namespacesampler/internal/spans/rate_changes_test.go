// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// override returns an override that expires after a duration.
func override(probability float64, expires time.Duration) map[string]any {
	return map[string]any{"sample_rate": probability, "until": time.Now().Add(expires).Format(time.RFC3339Nano)}
}

// pass lets the clock go on, so that overrides expire.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// Both signals change, although their walks have remembered the rate before.
func TestAChangedRateAppliesToTheNextBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := samplertest.Start(t, map[string]any{
			"sample_rate": 0, "namespaces": map[string]any{"payments": override(1, time.Minute)},
			"metrics": map[string]any{"namespaces": map[string]any{"pay*": override(1, time.Hour)}},
		})
		kept := func() (n [2]int) {
			n[0] = len(s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: named("payments")})))
			md := pmetric.NewMetrics()
			metric := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
			samplertest.AppendPoint(metric, pmetric.MetricTypeGauge).PutStr("namespace", "payments")
			if out := s.ConsumeMetrics(md); out != nil {
				n[1] = out.DataPointCount()
			}
			return n
		}
		assert.Equal(t, [2]int{1, 1}, kept())
		pass(time.Minute)
		assert.Equal(t, [2]int{0, 1}, kept())
		pass(time.Hour)
		assert.Equal(t, [2]int{0, 0}, kept())
	})
}

func TestARememberedTraceKeepsItsRate(t *testing.T) { // T16
	synctest.Test(t, func(t *testing.T) {
		s := samplertest.Start(t, map[string]any{
			"sample_rate": 0.25, "namespaces": map[string]any{"payments": override(0.5, 30*time.Second)},
		})
		tracestate := func(span samplertest.Span) string {
			out := s.ConsumeTraces(samplertest.TracesOf(t, span))
			if len(out) == 0 {
				return "dropped"
			}
			return out[0].TraceState().AsRaw()
		}
		other := samplertest.HighID
		other[0]++
		assert.Equal(t, "ot=th:8", tracestate(samplertest.Span{ID: samplertest.HighID, Attributes: named("payments")}))
		pass(30 * time.Second)
		assert.Equal(t, "ot=th:8", tracestate(samplertest.Span{ID: samplertest.HighID, Attributes: named("payments")}), "the rate of its first spans")
		assert.Equal(t, "ot=th:c", tracestate(samplertest.Span{ID: other, Attributes: named("payments")}), "a trace that begins later")
	})
}

// The tables are replaced between the batches, but the rate of the namespace is the same.
func TestSpansOfARememberedTraceAreCountedUnderTheirRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := samplertest.Start(t, map[string]any{"namespaces": map[string]any{"payments": 1, "other": override(0, time.Second)}})
		batch := func() {
			s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID, Attributes: named("payments")}))
		}
		batch()
		pass(2 * time.Second)
		assert.Equal(t, 1, s.LogCount("an override has ended"))
		batch()
		assert.Equal(t, map[string]int64{"kept payments exact": 2}, s.Counts("spans"))
	})
}

func TestEveryBatchIsSampledByOneTable(t *testing.T) { // C4
	overrides := map[string]any{}
	for i, pattern := range []string{"payments", "payment?", "paymen*", "payme*", "paym*", "pay*", "pa*", "p*"} { // by precedence
		overrides[pattern] = override(float64(i%2), time.Duration(50+20*i)*time.Millisecond)
	}
	s := samplertest.Start(t, map[string]any{
		"sample_rate": 0, "namespaces": overrides, "tracing": map[string]any{"sampler": "trace_id_ratio"},
	})
	last := time.Now().Add(250 * time.Millisecond)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for time.Now().Before(last) {
				spans := make([]samplertest.Span, 50)
				for i := range spans {
					spans[i].Attributes = named("payments")
				}
				td := samplertest.TracesOf(t, spans...)
				if err := s.Traces.ConsumeTraces(context.Background(), td); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for _, td := range s.Spans.AllTraces() {
		assert.Equal(t, 50, td.SpanCount())
	}
}
