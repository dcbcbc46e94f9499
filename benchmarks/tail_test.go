// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"context"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/tailsamplingprocessor"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/processor/processortest"
)

// tailPolicies keep a tenth of the traces of any of the namespaces that batches have, each by a policy of its own.
func tailPolicies() []any {
	var policies []any
	for _, namespace := range []string{"namespace-0", "namespace-1", "namespace-2", "namespace-3", "namespace-4"} {
		policies = append(policies, settings{"name": namespace, "type": "and", "and": settings{"and_sub_policy": []any{
			settings{
				"name": "namespace", "type": "string_attribute",
				"string_attribute": settings{"key": "namespace", "values": []any{namespace}},
			},
			settings{"name": "rate", "type": "probabilistic", "probabilistic": settings{"sampling_percentage": 10}},
		}}})
	}
	return policies
}

// BenchmarkTailSampling measures tail_sampling, which decides behind ConsumeTraces. ns/item is ConsumeTraces alone: it groups spans
// by trace, copies them, and hands them over. decided-ns/item is until all are decided and those that are kept went on, per span:
// the processor is shut down at once, which makes it decide. Neither has the memory that traces take for decision_wait, nor the time.
// For 5 policies, as filter has conditions; traces of 20 spans.
func BenchmarkTailSampling(b *testing.B) {
	factory := tailsamplingprocessor.NewFactory()
	cfg := load(b, factory, settings{"policies": tailPolicies(), "sample_on_first_match": true})
	data := standardSpans.with(func(s *spanShape) { s.spansPerTrace = 20 }).batch()
	b.Run("who=tail_sampling", func(b *testing.B) {
		var consumed, decided time.Duration
		var kept consumertest.TracesSink
		for b.Loop() {
			p, err := factory.CreateTraces(b.Context(), processortest.NewNopSettings(factory.Type()), cfg, &kept)
			require.NoError(b, err)
			require.NoError(b, p.Start(b.Context(), componenttest.NewNopHost()))
			batch := spanSignal.copyOf(data)
			began := time.Now()
			require.NoError(b, p.ConsumeTraces(context.Background(), batch))
			consumed += time.Since(began)
			require.NoError(b, p.Shutdown(context.Background()))
			decided += time.Since(began)
			require.NotZero(b, kept.SpanCount())
			require.Less(b, kept.SpanCount(), data.SpanCount())
			kept.Reset()
		}
		items := float64(b.N * data.SpanCount())
		b.ReportMetric(float64(consumed.Nanoseconds())/float64(b.N), "ns/op")
		b.ReportMetric(float64(consumed.Nanoseconds())/items, "ns/item")
		b.ReportMetric(float64(decided.Nanoseconds())/items, "decided-ns/item")
	})
}
