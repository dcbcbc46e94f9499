// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// spanMetricsRates are the rates of testdata/span_metrics.yaml. The namespace integrations has the rate of the rest.
var spanMetricsRates = map[string]float64{"payments": 1, "orders": 0.5, "shipping": 0.3, "integrations": 0.1, "analytics": 0.01}

// estimate is what is known about the spans of a namespace before span_metrics counts them.
type estimate struct {
	sent, failed int     // spans that were sent: those that did not fail, and those that did
	kept         int     // of those that did not fail
	probability  float64 // of being kept, that of the threshold
	clusters     float64 // the sum of squares of the spans in each trace that did not fail: they are kept or dropped together
	runs         float64 // the sum of squares of the spans in each run of equal tracestates, which span_metrics rounds together
}

// spread is the half-width of the interval that 99.9 % of fair draws of traces lead to: the variance of the sum of 1/p over those that
// are kept is (1/p − 1) times the sum of squares of their spans. The draws of this test are the same in each run of it.
func (e *estimate) spread() float64 { return 3.2905 * math.Sqrt((1/e.probability-1)*e.clusters) }

// rounding bounds the error of rounding 1/p up or down at random for each run, by Hoeffding's inequality: it is exceeded with a
// probability of less than 1e-9. Integers are not rounded.
func (e *estimate) rounding() float64 {
	if count := 1 / e.probability; count == math.Trunc(count) {
		return 0
	}
	return math.Sqrt(math.Log(2/1e-9) / 2 * e.runs)
}

// sendMixed sends traces of 1 to 6 spans of all namespaces, mixed. One span in twelve fails.
func sendMixed(t *testing.T, client *harness.Client, traces int) map[string]*estimate {
	t.Helper()
	r, all, names := random(), map[string]*estimate{}, []string{}
	for _, name := range []string{"payments", "orders", "shipping", "integrations", "analytics"} {
		threshold, err := sampling.ProbabilityToThresholdWithPrecision(spanMetricsRates[name], 4)
		require.NoError(t, err)
		all[name], names = &estimate{probability: threshold.Probability()}, append(names, name)
	}
	const tracesOfRequest = 500
	for from := 0; from < traces; from += tracesOfRequest {
		td := ptrace.NewTraces()
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", "tasker")
		spans := rs.ScopeSpans().AppendEmpty().Spans()
		run, length := (*estimate)(nil), 0.0
		for range tracesOfRequest {
			name, id := names[r.IntN(len(names))], randomTrace(r)
			e, passed := all[name], 0.0
			state, isKept := draw(t, spanMetricsRates[name], id)
			for range 1 + r.IntN(6) {
				s := spans.AppendEmpty()
				s.SetTraceID(id)
				s.SetSpanID(newSpan(id, "", nil).id)
				s.SetName("step")
				s.Attributes().PutStr("namespace", name)
				if r.IntN(12) == 0 {
					s.Status().SetCode(ptrace.StatusCodeError)
					e.failed++
					continue
				}
				e.sent, passed = e.sent+1, passed+1
				if isKept {
					e.kept++
				}
			}
			e.clusters += passed * passed
			if isKept && state != "" && passed > 0 { // spans without a tracestate end no run
				if run != e {
					run, length = e, 0
				}
				e.runs += (length+passed)*(length+passed) - length*length
				length += passed
			}
		}
		client.Traces(td)
	}
	return all
}

// callsOf returns the latest cumulative counts of span_metrics, of spans that did not fail and of failed ones, by namespace. It waits for
// two exports: the second one has begun after everything was sent.
func callsOf(t *testing.T, sink *harness.Sink) (passed, failed map[string]int) {
	t.Helper()
	before := len(sink.Metrics())
	require.True(t, harness.Eventually(time.Minute, func() bool { return len(sink.Metrics()) >= before+2 }))
	passed, failed = map[string]int{}, map[string]int{}
	all := sink.Metrics()
	for _, p := range harness.PointsOf(all[len(all)-1]) {
		if p.Metric.Name() != "traces.span.metrics.calls" {
			continue
		}
		name, _ := p.Attributes.Get("namespace")
		to := passed
		if code, _ := p.Attributes.Get("status.code"); code.Str() == "STATUS_CODE_ERROR" {
			to = failed
		}
		to[name.Str()] += int(p.Data.(pmetric.NumberDataPoint).IntValue())
	}
	return passed, failed
}

// TestSpanMetricsCountsWhatWasSent runs testdata/span_metrics.yaml: what span_metrics counts from the spans that are kept lies in the interval
// that the draws allow about what was sent. Without their tracestates it does not.
func TestSpanMetricsCountsWhatWasSent(t *testing.T) { // T6, T17
	t.Parallel()
	quick := filepath.Join(t.TempDir(), "quick.yaml")
	require.NoError(t, os.WriteFile(quick, []byte(`
connectors: {span_metrics: {metrics_flush_interval: 200ms}}
processors:
  transform/unstamp: {trace_statements: ['set(span.trace_state, "")']}
`), 0o600))
	for name, after := range map[string][]string{"stamped": nil, "without tracestates": {"transform/unstamp"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := harness.NewSink(t)
			collector := harness.Start(t, harness.Options{
				Base: testdata + "/span_metrics.yaml", Further: []string{quick}, After: after, SpanExporter: "span_metrics", Processor: "{}", Sink: sink,
			})
			all := sendMixed(t, harness.NewClient(t, collector), 20_000)
			passed, failed := callsOf(t, sink)
			for namespace, e := range all {
				calls, weight := float64(passed[namespace]), 1/e.probability
				t.Logf("%-12s sent %5d, kept %5d, counted %6.0f, interval %6.0f to %6.0f; failed: sent %d, counted %d",
					namespace, e.sent, e.kept, calls, float64(e.sent)-e.spread()-e.rounding(), float64(e.sent)+e.spread()+e.rounding(), e.failed, failed[namespace])
				assert.Equal(t, e.failed, failed[namespace], "%s: failed spans are all kept, and count once", namespace)
				if after != nil && e.probability < 1 {
					assert.Equal(t, e.kept, passed[namespace], namespace)
					assert.Greater(t, math.Abs(calls-float64(e.sent)), e.spread()+e.rounding(), "%s: the interval tells the difference", namespace)
					continue
				}
				assert.InDelta(t, float64(e.kept)*weight, calls, e.rounding(), "%s: the sum of the adjusted counts", namespace)
				assert.InDelta(t, e.sent, calls, e.spread()+e.rounding(), "%s: what was sent", namespace)
			}
		})
	}
}
