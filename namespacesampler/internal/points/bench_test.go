// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// measured are the ways to sample points.
var measured = map[string]struct {
	metrics map[string]any
	batch   func(pmetric.MetricType) pmetric.Metrics
	most    map[pmetric.MetricType]float64 // allocations for a batch; none by default
}{
	"by series": {nil, benchPoints, nil},
	"by point":  {map[string]any{"by": "point"}, benchPoints, nil},
	"rescaled": {
		map[string]any{"by": "point", "rescale_delta": true},
		benchDeltas,
		// pdata allocates a value for each number that is set: about 100 are kept.
		map[pmetric.MetricType]float64{pmetric.MetricTypeSum: 170},
	},
	"exemplars sampled": {map[string]any{"exemplars": "sampled"}, benchExemplars, nil},
	// OTTL allocates for each of the 100 metrics, but not for points.
	"matched": {
		map[string]any{"detailed": map[string]any{"match": []any{`metric.name == "other"`, `IsMatch(metric.name, "^metric[.]")`}}},
		benchPoints, ofAllTypes(600),
	},
	"not matched": {map[string]any{"detailed": map[string]any{"match": []any{`metric.name == "other"`}}}, benchPoints, ofAllTypes(400)},
}

func ofAllTypes(most float64) map[pmetric.MetricType]float64 {
	all := map[pmetric.MetricType]float64{}
	for _, typ := range samplertest.PointTypes {
		all[typ] = most
	}
	return all
}

// BenchmarkPoints measures 100 metrics of 10 points with 8 attributes.
func BenchmarkPoints(b *testing.B) {
	for name, m := range measured {
		for _, typ := range samplertest.PointTypes {
			b.Run(name+"/"+typ.String(), func(b *testing.B) {
				_, metrics := samplertest.Bare(b, map[string]any{"sample_rate": 0.1, "metrics": m.metrics})
				samplertest.BenchmarkConsume(b, m.batch(typ), pmetric.NewMetrics, metrics.ConsumeMetrics)
			})
		}
	}
}

func benchPoints(typ pmetric.MetricType) pmetric.Metrics {
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	for m := range samplertest.BenchItems / 10 {
		metric := metrics.AppendEmpty()
		metric.SetName(fmt.Sprintf("metric.%d", m))
		for p := range 10 {
			attributes := samplertest.AppendPoint(metric, typ)
			for i := range 7 {
				attributes.PutStr(fmt.Sprintf("attribute.%d", i), fmt.Sprintf("value %d", m*10+p))
			}
			attributes.PutStr("namespace", fmt.Sprintf("namespace-%d", p))
		}
	}
	return md
}

func benchDeltas(typ pmetric.MetricType) pmetric.Metrics {
	md := benchPoints(typ)
	for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		samplertest.SetDelta(m)
	}
	return md
}

// benchExemplars returns a batch with two exemplars at the first point of each metric.
func benchExemplars(typ pmetric.MetricType) pmetric.Metrics {
	md := benchPoints(typ)
	for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		samplertest.ExemplarsOf(m).AppendEmpty().SetTraceID(samplertest.LowID)
		samplertest.ExemplarsOf(m).AppendEmpty().SetTraceID(samplertest.HighID)
	}
	return md
}
