// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// pointKinds are the five types of data points, by metric name.
var pointKinds = map[string]func(m pmetric.Metric, series, round int) pcommon.Map{
	"tasker.queue.depth":         gaugePoint,
	"tasker.steps.enqueued":      sumPoint,
	"tasker.step.duration":       histogramPoint,
	"tasker.step.claim.duration": exponentialPoint,
	"tasker.step.quantiles":      summaryPoint,
}

func gaugePoint(m pmetric.Metric, series, round int) pcommon.Map {
	if m.Type() == pmetric.MetricTypeEmpty {
		m.SetEmptyGauge()
	}
	dp := m.Gauge().DataPoints().AppendEmpty()
	dp.SetTimestamp(at(round))
	if (series+round)%2 == 0 { // the number type is not part of the identity (M3)
		dp.SetIntValue(int64(series - round))
	} else {
		dp.SetDoubleValue(float64(series) / 7)
	}
	return dp.Attributes()
}

func sumPoint(m pmetric.Metric, series, round int) pcommon.Map {
	if m.Type() == pmetric.MetricTypeEmpty {
		m.SetEmptySum().SetIsMonotonic(true)
		m.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	}
	dp := m.Sum().DataPoints().AppendEmpty()
	dp.SetTimestamp(at(round))
	dp.SetIntValue(int64(series * (round + 1)))
	dp.Exemplars().AppendEmpty().SetDoubleValue(1.5)
	if round == 2 && series%10 == 0 {
		dp.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true)) // follows its series (M8)
	}
	return dp.Attributes()
}

func histogramPoint(m pmetric.Metric, series, round int) pcommon.Map {
	if m.Type() == pmetric.MetricTypeEmpty {
		m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	}
	dp := m.Histogram().DataPoints().AppendEmpty()
	dp.SetTimestamp(at(round))
	dp.ExplicitBounds().FromRaw([]float64{1, 10 + float64(round)}) // bounds are not part of the identity (M3)
	dp.BucketCounts().FromRaw([]uint64{uint64(series), uint64(round), 1})
	dp.SetCount(uint64(series + round + 1))
	dp.SetSum(float64(series) + 0.1)
	return dp.Attributes()
}

func exponentialPoint(m pmetric.Metric, series, round int) pcommon.Map {
	if m.Type() == pmetric.MetricTypeEmpty {
		m.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	}
	dp := m.ExponentialHistogram().DataPoints().AppendEmpty()
	dp.SetTimestamp(at(round))
	dp.SetScale(int32(round)) // not part of the identity (M3)
	dp.SetZeroCount(uint64(series))
	dp.SetCount(uint64(series))
	return dp.Attributes()
}

func summaryPoint(m pmetric.Metric, series, round int) pcommon.Map {
	if m.Type() == pmetric.MetricTypeEmpty {
		m.SetEmptySummary()
	}
	dp := m.Summary().DataPoints().AppendEmpty()
	dp.SetTimestamp(at(round))
	dp.SetCount(uint64(series + round))
	q := dp.QuantileValues().AppendEmpty()
	q.SetQuantile(0.99)
	q.SetValue(float64(series))
	return dp.Attributes()
}

func at(round int) pcommon.Timestamp { return pcommon.Timestamp(1_700_000_000_000_000_000 + round*1e9) }

// seriesRequest is one round of all series of all five types: series i has its own correlation_id. If r is not nil, attributes and
// points are shuffled, because their order is not part of the identity.
func seriesRequest(round, series int, r *rand.Rand) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "tasker")
	sm := rm.ScopeMetrics().AppendEmpty()
	sm.Scope().SetName("tasker-shared")
	order := make([]int, series)
	for i := range order {
		order[i] = i
	}
	if r != nil {
		r.Shuffle(series, func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	for name, point := range pointKinds {
		m := sm.Metrics().AppendEmpty()
		m.SetName(name)
		m.SetDescription(fmt.Sprintf("described in round %d", round)) // not part of the identity (M3)
		for _, i := range order {
			attributes := point(m, i, round)
			id := fmt.Sprintf("019a0000-0000-7000-8000-%012d", i)
			if r != nil && r.IntN(2) == 0 {
				attributes.PutStr("result", "ok")
				attributes.PutStr("correlation_id", id)
				attributes.PutStr("namespace", "orders")
				continue
			}
			attributes.PutStr("namespace", "orders")
			attributes.PutStr("correlation_id", id)
			attributes.PutStr("result", "ok")
		}
	}
	return md
}

// seriesKey identifies a series of seriesRequest.
type seriesKey struct{ metric, id string }

// timeline holds the encoded points of each series, in order.
func timeline(t testing.TB, points []harness.Point) map[seriesKey][]string {
	t.Helper()
	lines := map[seriesKey][]string{}
	for _, p := range points {
		id, ok := p.Attributes.Get("correlation_id")
		require.True(t, ok)
		sorted := pcommon.NewMap()
		for _, key := range []string{"namespace", "correlation_id", "result"} {
			v, ok := p.Attributes.Get(key)
			require.True(t, ok)
			v.CopyTo(sorted.PutEmpty(key))
		}
		require.Equal(t, sorted.Len(), p.Attributes.Len())
		key := seriesKey{p.Metric.Name(), id.Str()}
		sorted.CopyTo(p.Attributes)
		lines[key] = append(lines[key], encodedPoint(t, p))
	}
	return lines
}
