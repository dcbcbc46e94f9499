// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	goruntime "runtime"
	"runtime/debug"
	"testing"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
)

const benchItems = 1000

// benchSpans returns a batch as the budgets have it: 1,000 spans with 10 attributes, the namespace last.
func benchSpans() ptrace.Traces {
	rng := rand.New(rand.NewPCG(1, 2))
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range benchItems {
		span := spans.AppendEmpty()
		var id pcommon.TraceID
		binary.BigEndian.PutUint64(id[:8], rng.Uint64())
		binary.BigEndian.PutUint64(id[8:], rng.Uint64())
		span.SetTraceID(id)
		for i := range 9 {
			span.Attributes().PutStr(fmt.Sprintf("attribute.%d", i), "value")
		}
		span.Attributes().PutStr("namespace", fmt.Sprintf("namespace-%d", rng.IntN(12)))
	}
	return td
}

func benchRuntime(tb testing.TB, change func(*Config)) *runtime {
	tb.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.SampleRate = 0.1
	if change != nil {
		change(cfg)
	}
	set := processortest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = componenttest.NewNopTelemetrySettings()
	rt, err := newRuntime(set, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return rt
}

// pointSettings are the ways to sample points.
var pointSettings = []struct {
	name   string
	change func(*Config)
	batch  func(pmetric.MetricType) pmetric.Metrics
	most   map[pmetric.MetricType]float64 // allocations for a batch, where not none
}{
	{"by series", nil, benchPoints, nil},
	{"by point", func(cfg *Config) { cfg.Metrics.By = ByPoint }, benchPoints, nil},
	{
		"rescaled", func(cfg *Config) { cfg.Metrics.By, cfg.Metrics.RescaleDelta = ByPoint, true }, benchDeltas,
		// pdata makes a new value for each number that is set: about 100 are kept, and far fewer than these.
		map[pmetric.MetricType]float64{pmetric.MetricTypeSum: 170},
	},
	{"exemplars sampled", func(cfg *Config) { cfg.Metrics.Exemplars = ExemplarsSampled }, benchExemplars, nil},
	// OTTL allocates for each of the 100 metrics, but nothing is asked by point.
	{"matched", func(cfg *Config) {
		cfg.Metrics.Detailed.Match = []string{`metric.name == "other"`, `IsMatch(metric.name, "^metric[.]")`}
	}, benchPoints, ofAllTypes(600)},
	{"not matched", func(cfg *Config) {
		cfg.Metrics.Detailed.Match = []string{`metric.name == "other"`}
	}, benchPoints, ofAllTypes(400)},
}

func ofAllTypes(most float64) map[pmetric.MetricType]float64 {
	all := map[pmetric.MetricType]float64{}
	for _, typ := range pointTypes {
		all[typ] = most
	}
	return all
}

// BenchmarkPoints measures the walk over data points: 100 metrics of 10 points with 8 attributes.
func BenchmarkPoints(b *testing.B) {
	for _, settings := range pointSettings {
		for _, typ := range pointTypes {
			b.Run(settings.name+"/"+typ.String(), func(b *testing.B) {
				p := newMetricsProcessor(benchRuntime(b, settings.change))
				benchmarkWalk(b, settings.batch(typ), pmetric.NewMetrics, func(md pmetric.Metrics) {
					_, _ = p.process(context.Background(), md)
				})
			})
		}
	}
}

func benchDeltas(typ pmetric.MetricType) pmetric.Metrics {
	md := benchPoints(typ)
	for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		setDelta(m)
	}
	return md
}

// benchExemplars has two exemplars at the first point of each metric.
func benchExemplars(typ pmetric.MetricType) pmetric.Metrics {
	md := benchPoints(typ)
	for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		exemplarsOf(m).AppendEmpty().SetTraceID(lowID)
		exemplarsOf(m).AppendEmpty().SetTraceID(highID)
	}
	return md
}

func benchPoints(typ pmetric.MetricType) pmetric.Metrics {
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	for m := range benchItems / 10 {
		metric := metrics.AppendEmpty()
		metric.SetName(fmt.Sprintf("metric.%d", m))
		for p := range 10 {
			attributes := appendPoint(metric, typ)
			for i := range 7 {
				attributes.PutStr(fmt.Sprintf("attribute.%d", i), fmt.Sprintf("value %d", m*10+p))
			}
			attributes.PutStr("namespace", fmt.Sprintf("namespace-%d", p))
		}
	}
	return md
}

// benchmarkWalk reports the time and the allocations of walk per item. The collector's own garbage is left out: it is
// collected between rounds, outside the time, so that what is measured is the walk and not the copying of batches.
func benchmarkWalk[D interface{ CopyTo(D) }](b *testing.B, data D, empty func() D, walk func(D)) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	const copies = 200
	batches := make([]D, 0, copies)
	b.ReportAllocs()
	for b.Loop() {
		if len(batches) == 0 {
			b.StopTimer()
			goruntime.GC()
			for range copies {
				batch := empty()
				data.CopyTo(batch)
				batches = append(batches, batch)
			}
			b.StartTimer()
		}
		walk(batches[len(batches)-1])
		batches = batches[:len(batches)-1]
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchItems), "ns/item")
}
