// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// Many series are sampled, once as they are and once changed. A change outside their identity changes no decision (M3); a change
// of their identity draws each of them again, independently.
func TestWhatChangesTheDecisionAboutSeries(t *testing.T) {
	const n, rate = 4000, 0.5
	type change func(pmetric.Metrics, pmetric.Metric)
	same := map[string]struct {
		typ    pmetric.MetricType
		change change
	}{
		"description": {pmetric.MetricTypeSum, func(_ pmetric.Metrics, m pmetric.Metric) { m.SetDescription("another description") }},
		"order of attributes": {pmetric.MetricTypeSum, func(md pmetric.Metrics, _ pmetric.Metric) {
			for _, attributes := range samplertest.PointAttributes(md) {
				series, _ := attributes.Get("series")
				i := series.Int()
				attributes.Remove("series")
				attributes.PutInt("series", i) // now last
			}
		}},
		"integer as double": {pmetric.MetricTypeSum, func(_ pmetric.Metrics, m pmetric.Metric) {
			for _, dp := range m.Sum().DataPoints().All() {
				dp.SetDoubleValue(0.5)
			}
		}},
		"times, flags": {pmetric.MetricTypeGauge, func(_ pmetric.Metrics, m pmetric.Metric) {
			for _, dp := range m.Gauge().DataPoints().All() {
				dp.SetStartTimestamp(5)
				dp.SetTimestamp(7)
				dp.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true)) // M8
			}
		}},
		"bounds": {pmetric.MetricTypeHistogram, func(_ pmetric.Metrics, m pmetric.Metric) {
			for _, dp := range m.Histogram().DataPoints().All() {
				dp.ExplicitBounds().FromRaw([]float64{5})
				dp.BucketCounts().FromRaw([]uint64{1, 2})
			}
		}},
		"scale, offset, zero threshold": {pmetric.MetricTypeExponentialHistogram, func(_ pmetric.Metrics, m pmetric.Metric) {
			for _, dp := range m.ExponentialHistogram().DataPoints().All() {
				dp.SetScale(7)
				dp.SetZeroThreshold(1)
				dp.Positive().SetOffset(-3)
			}
		}},
		"a missing namespace on the resource": {pmetric.MetricTypeSum, func(md pmetric.Metrics, _ pmetric.Metric) { // M4
			md.ResourceMetrics().At(0).Resource().Attributes().PutStr("namespace", "unknown")
		}},
	}
	anew := map[string]change{
		"name":         func(_ pmetric.Metrics, m pmetric.Metric) { m.SetName("other work") },
		"unit":         func(_ pmetric.Metrics, m pmetric.Metric) { m.SetUnit("ms") },
		"temporality":  func(_ pmetric.Metrics, m pmetric.Metric) { samplertest.SetDelta(m) },
		"monotonicity": func(_ pmetric.Metrics, m pmetric.Metric) { m.Sum().SetIsMonotonic(false) },
		"type": func(md pmetric.Metrics, _ pmetric.Metric) {
			gauge := seriesBatch(pmetric.MetricTypeGauge, n)
			gauge.CopyTo(md)
		},
		"a histogram of another name": func(md pmetric.Metrics, _ pmetric.Metric) {
			seriesBatch(pmetric.MetricTypeHistogram, n).CopyTo(md)
			samplertest.MetricOf(md).SetName("work.duration")
		},
		"scope": func(md pmetric.Metrics, _ pmetric.Metric) {
			md.ResourceMetrics().At(0).ScopeMetrics().At(0).Scope().SetVersion("2")
		},
		"resource": func(md pmetric.Metrics, _ pmetric.Metric) {
			md.ResourceMetrics().At(0).Resource().Attributes().PutStr("host.name", "b")
		},
	}

	s := samplertest.Start(t, map[string]any{"sample_rate": rate})
	kept := func(typ pmetric.MetricType, c change) map[int64]bool {
		md := seriesBatch(typ, n)
		if c != nil {
			c(md, samplertest.MetricOf(md))
		}
		return seriesOf(s.ConsumeMetrics(md))
	}
	for name, tt := range same {
		t.Run("not "+name, func(t *testing.T) {
			assert.Equal(t, kept(tt.typ, nil), kept(tt.typ, tt.change))
		})
	}
	before := kept(pmetric.MetricTypeSum, nil)
	for name, c := range anew {
		t.Run(name, func(t *testing.T) {
			both := 0
			for series := range kept(pmetric.MetricTypeSum, c) {
				if before[series] {
					both++
				}
			}
			// Of independent draws a quarter is kept in both. The input is fixed, so this holds always or never.
			assert.InDelta(t, n*rate*rate, both, 4*math.Sqrt(n*0.25*0.75))
		})
	}
}
