// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

func TestASeriesGrowsByWhatItCountsAfterItsFirstSampleUnlessItIsNewOrStartsAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		samples []Sample
		isNew   bool
		want    []float64
	}{
		"nothing":                {nil, true, nil},
		"it was there":           {[]Sample{{1, 10, []float64{7}}}, false, []float64{0}},
		"it is new":              {[]Sample{{1, 10, []float64{7}}}, true, []float64{7}},
		"it grows":               {[]Sample{{1, 10, []float64{7}}, {1, 20, []float64{7}}, {1, 30, []float64{15}}}, false, []float64{8}},
		"it is new and grows":    {[]Sample{{1, 10, []float64{7}}, {1, 20, []float64{9}}}, true, []float64{9}},
		"it starts again":        {[]Sample{{1, 10, []float64{7}}, {15, 20, []float64{3}}, {15, 30, []float64{4}}}, false, []float64{4}},
		"it starts with more":    {[]Sample{{1, 10, []float64{7}}, {15, 20, []float64{30}}}, false, []float64{30}},
		"count, sum and buckets": {[]Sample{{1, 10, []float64{2, 6.5, 1, 1}}, {1, 20, []float64{5, 9.75, 1, 4}}}, false, []float64{3, 3.25, 0, 3}},
	} {
		assert.Equal(t, test.want, Increase(test.samples, test.isNew), name)
		slices.Reverse(test.samples)
		assert.Equal(t, test.want, Increase(test.samples, test.isNew), "%s, in another order", name)
	}
}

func TestCountingBeginsWithTheFirstExportOfEachMetricOfAProcess(t *testing.T) {
	t.Parallel()
	i := NewIncreases()
	add := func(process, metric, correlation string, at pcommon.Timestamp, value float64) {
		p := &items.Point{
			Resource: pcommon.NewResource(), Scope: pcommon.NewInstrumentationScope(), Metric: pmetric.NewMetric(), Attributes: pcommon.NewMap(),
			Reading: items.Reading{Start: 1, Time: at}, Numbers: []float64{value},
		}
		p.Resource.Attributes().PutStr("service.instance.id", process)
		p.Metric.SetName(metric)
		p.Attributes.PutStr("correlation_id", correlation)
		i.Add(p, p.Sum([]string{"correlation_id"}, "orders"))
	}
	add("a", "steps", "1", 10, 5)
	add("b", "steps", "1", 20, 100) // of another process
	add("a", "steps", "1", 20, 6)
	add("a", "steps", "2", 20, 40)  // new
	add("a", "tasks", "2", 20, 100) // the first of its metric
	add("a", "tasks", "2", 30, 300)
	var all []float64
	for _, numbers := range i.BySum() {
		all = append(all, numbers...)
	}
	slices.Sort(all)
	assert.Equal(t, []float64{0, 41, 200}, all)
	assert.Equal(t, 4, i.Series())
}
