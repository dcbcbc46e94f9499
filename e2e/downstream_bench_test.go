// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// behind is the rate of samplers behind the processor.
const behind = 0.25

// downstreamLine is a line of the tables: what a component makes of the load.
type downstreamLine struct {
	component string
	reading   reading
}

// BenchmarkDownstream tries components behind the processor and prints the tables of docs/downstream.md. It measures no time. It fails if a
// component does otherwise than the page says.
func BenchmarkDownstream(b *testing.B) {
	load := spreadTraces()
	var sampled, kept []downstreamLine
	for b.Loop() {
		sampled, kept = tryAll(b, load, false), tryAll(b, load, true)
		tryLateSpans(b)
		tryMalformedTracestates(b)
	}
	b.ReportMetric(0, "ns/op")
	b.Log(markdown("what is counted, of what was sent", sampled, counts.all))
	b.Log(markdown("the same, failed spans always kept", kept, counts.all))
	b.Log(markdown("failures among what is counted, failed spans always kept", kept, counts.failing))
}

// tryAll tries all components, with failed spans always kept or not.
func tryAll(b *testing.B, load []spreadTrace, keep bool) []downstreamLine {
	b.Helper()
	lines := tryConnectors(b, load, keep)
	for i := range downstreamSamplers {
		lines = append(lines, downstreamSamplers[i].try(b, load, keep))
	}
	return lines
}

// startDownstream starts a collector with the processor in front of other components, which base configures.
func startDownstream(b *testing.B, keep bool, base string, options harness.Options) *harness.Collector {
	b.Helper()
	options.Base = filepath.Join(b.TempDir(), "base.yaml")
	require.NoError(b, os.WriteFile(options.Base, []byte(base), 0o600))
	var settings strings.Builder
	settings.WriteString("namespaces:\n")
	for _, rate := range downstreamRates {
		fmt.Fprintf(&settings, "  %s: %v\n", downstreamNamespace(rate), rate)
	}
	if keep {
		settings.WriteString("tracing: {always_keep: [span.status.code == STATUS_CODE_ERROR]}\n")
	}
	options.Processor, options.Downstream = settings.String(), true
	return harness.Start(b, options)
}

// downstreamSampler is a sampler behind the processor.
type downstreamSampler struct {
	name, config, component, gates string
	// counts returns the adjusted count of a span that was sent, on average, by whether it leaves the processor with a threshold.
	counts func(stamped bool) float64
	// passes returns the probability of passing both samplers that a consistent one has; nil if this one is not consistent. p is the
	// probability of passing the first.
	passes func(p float64) float64
	// hashes: it decides spans that arrive without a threshold by a hash of their trace ID, and gives them a threshold all the same.
	hashes bool
}

func one(bool) float64          { return 1 }
func lower(p float64) float64   { return min(p, behind) }
func aQuarter(bool) float64     { return behind }
func product(p float64) float64 { return p * behind }

// tailSampling decides a quarter of the traces after a time, or when it stops.
func tailSampling(wait string) string {
	return `
processors:
  tail_sampling:
    decision_wait: ` + wait + `
    num_traces: 500000
    policies: [{name: quarter, type: probabilistic, probabilistic: {sampling_percentage: 25}}]
`
}

// tailSamplingGate makes tail_sampling read thresholds and write them.
const tailSamplingGate = "processor.tailsamplingprocessor.usetracestate"

var downstreamSamplers = []downstreamSampler{
	{
		name: "`probabilistic_sampler`, `mode: equalizing`", component: "probabilistic_sampler",
		config: "processors: {probabilistic_sampler: {sampling_percentage: 25, mode: equalizing}}", counts: one, passes: lower,
	},
	{
		name: "`probabilistic_sampler`, `mode: proportional`", component: "probabilistic_sampler",
		config: "processors: {probabilistic_sampler: {sampling_percentage: 25, mode: proportional}}", counts: one, passes: product,
	},
	{
		name: "`probabilistic_sampler` without a mode", component: "probabilistic_sampler",
		config: "processors: {probabilistic_sampler: {sampling_percentage: 25}}",
		counts: func(stamped bool) float64 {
			if stamped {
				return 0
			}
			return 1
		},
	},
	{name: "`tail_sampling`", component: "tail_sampling", config: tailSampling("10m"), counts: aQuarter},
	{
		name: "`tail_sampling` with its gate", component: "tail_sampling", config: tailSampling("10m"),
		gates: tailSamplingGate, counts: one, passes: lower, hashes: true,
	},
	{
		name: "a second `namespace_sampler`", component: "namespace_sampler/second",
		config: "processors: {namespace_sampler/second: {sample_rate: 0.25}}", counts: one, passes: lower,
	},
	{
		name: "a second `namespace_sampler`, `mode: proportional`", component: "namespace_sampler/second",
		config: "processors: {namespace_sampler/second: {sample_rate: 0.25, tracing: {mode: proportional}}}", counts: one, passes: product,
	},
}

func (d *downstreamSampler) try(b *testing.B, load []spreadTrace, keep bool) downstreamLine {
	b.Helper()
	sink := harness.NewSink(b)
	collector := startDownstream(b, keep, d.config, harness.Options{AfterSpans: []string{d.component}, FeatureGates: d.gates, Sink: sink})
	sendSpread(b, harness.NewClient(b, collector), load)
	collector.Stop() // tail_sampling decides what it holds
	got, contradicted := adjustedCounts(b, sink.Spans())
	if assert.Equal(b, d.hashes, contradicted > 0, d.name) && d.hashes {
		b.Logf("%s: the randomness of %.0f %% of the spans contradicts their threshold", d.name, 100*contradicted)
	}
	for _, rate := range downstreamRates {
		p := probabilityOf(b, rate)
		for _, failed := range []bool{false, true} {
			unstamped := rate == 1 || failed && keep
			passes := p * behind
			if unstamped {
				passes = behind
			}
			assertCounted(b, d.name, got, rate, failed, d.counts(!unstamped), passes)
		}
		if d.passes != nil {
			d.assertNested(b, sink.Spans(), load, rate, keep)
		}
	}
	return downstreamLine{d.name, got}
}

// assertNested asserts that of the spans with a rate just those are left that a single sampler with the lower threshold of both would keep.
// Spans that leave the processor without a threshold are left out: tail_sampling hashes their trace IDs.
func (d *downstreamSampler) assertNested(b *testing.B, spans []harness.Span, load []spreadTrace, rate float64, keep bool) {
	b.Helper()
	if rate == 1 {
		return
	}
	threshold, err := sampling.ProbabilityToThresholdWithPrecision(d.passes(probabilityOf(b, rate)), 4)
	require.NoError(b, err)
	want, got := 0, 0
	for _, trace := range load {
		exempt := keep && trace.failing
		if trace.rate == rate && !exempt && threshold.ShouldSample(sampling.TraceIDToRandomness(trace.id)) {
			want += spansOfExchange
		}
	}
	for _, s := range spans {
		namespace, _ := s.Attributes().Get("namespace")
		failed, _ := s.Attributes().Get("failed")
		if namespace.Str() != downstreamNamespace(rate) || keep && failed.Bool() {
			continue
		}
		left, isTrue := thresholdOf(b, s)
		assert.True(b, isTrue, "%s behind %v", d.name, rate)
		assert.Equal(b, threshold, left, "%s behind %v", d.name, rate)
		got++
	}
	assert.Equal(b, want, got, "%s behind %v", d.name, rate)
}

func probabilityOf(b *testing.B, rate float64) float64 {
	b.Helper()
	threshold, err := sampling.ProbabilityToThresholdWithPrecision(rate, 4)
	require.NoError(b, err)
	return threshold.Probability()
}

// assertCounted asserts that a component counts the spans of a namespace that failed, or the others, as many times as it should: within the
// interval that all but one in a million fair samples fall into, if each trace is left with a probability.
func assertCounted(b *testing.B, component string, got reading, rate float64, failed bool, want, probability float64) {
	b.Helper()
	traces, counted := downstreamTraces*(1-failingOf1000/1000.0), got[downstreamNamespace(rate)].passed
	if failed {
		traces, counted = downstreamTraces*failingOf1000/1000.0, got[downstreamNamespace(rate)].failed
	}
	deviation := math.Sqrt((1/probability - 1) / traces)
	assert.InDelta(b, want, counted, want*4.892*deviation+1e-9, "%s behind %v, failed: %v", component, rate, failed)
}
