// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// halves returns a span for each trace, in the namespace with the rate 0.5.
func halves(b *testing.B, all []spreadTrace) ptrace.Traces {
	b.Helper()
	spans := make([]span, len(all))
	for i := range spans {
		spans[i] = newSpan(all[i].id, "", attrs{"namespace": downstreamNamespace(0.5)})
	}
	return traces(b, attrs{"service.name": "shop"}, nil, spans...)
}

// tryLateSpans sends spans of traces that tail_sampling has decided. It passes those of sampled traces on, with the threshold that they came with.
func tryLateSpans(b *testing.B) {
	b.Helper()
	sink := harness.NewSink(b)
	collector := startDownstream(b, false, tailSampling("1s"), harness.Options{
		AfterSpans: []string{"tail_sampling"}, FeatureGates: tailSamplingGate, Sink: sink,
	})
	client, all := harness.NewClient(b, collector), spreadTraces()[:2_000]
	sampled := 0
	for _, trace := range all {
		if trace.id[9] >= 0xc0 {
			sampled++
		}
	}
	client.Traces(halves(b, all))
	require.True(b, harness.Eventually(time.Minute, func() bool { return len(sink.Spans()) == sampled }), "tail_sampling has decided")
	sink.Reset()
	client.Traces(halves(b, all))
	require.True(b, harness.Eventually(time.Minute, func() bool { return len(sink.Spans()) == sampled }), "it passes late spans on")
	for _, s := range sink.Spans() {
		require.Equal(b, "ot=th:8", s.TraceState().AsRaw())
	}
	b.Logf("`tail_sampling` with its gate: %d of %d late spans are left, each stands for 2: %.0f %%", sampled, len(all), 100*2*float64(sampled)/float64(len(all)))
}

// tryMalformedTracestates sends a batch with a malformed tracestate, which the processor passes on.
func tryMalformedTracestates(b *testing.B) {
	b.Helper()
	for _, tt := range []struct {
		connector, settings string
		want                codes.Code
	}{
		{"signal_to_metrics", "", codes.Unavailable},
		{"signal_to_metrics", "error_mode: ignore, ", codes.OK},
		{"span_metrics", "", codes.OK},
	} {
		settings := "{}"
		if tt.connector == "signal_to_metrics" {
			settings = "{" + tt.settings + "spans: [{name: spans, sum: {value: AdjustedCount()}}]}"
		}
		collector := startDownstream(b, false, `
connectors: {`+tt.connector+`: `+settings+`}
service: {pipelines: {metrics/computed: {receivers: [`+tt.connector+`], exporters: [otlp_grpc]}}}
`, harness.Options{SpanExporter: "otlp_grpc, " + tt.connector, Sink: harness.NewSink(b), Expect: []string{"tracestate"}})
		td := halves(b, spreadTraces()[:10])
		harness.SpansOf(td)[0].TraceState().FromRaw("x:y")
		for _, s := range harness.SpansOf(td) {
			s.Attributes().PutStr("namespace", downstreamNamespace(1))
		}
		err := harness.NewClient(b, collector).TryTraces(b.Context(), td)
		assert.Equal(b, tt.want, status.Code(err), "%s %s: %v", tt.connector, tt.settings, err)
		b.Logf("`%s`, %sa malformed tracestate in a request: %v", tt.connector, tt.settings, err)
		collector.Stop()
	}
}
