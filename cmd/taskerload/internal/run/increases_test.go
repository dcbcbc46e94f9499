// SPDX-License-Identifier: Apache-2.0

package run

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/report"
)

const (
	addsUp        = "growth: what is kept"
	hasEveryPoint = "growth: remainders begin"
	countsApart   = "counters: data points of remainders"
	onlyExpected  = "data points: exactly"
)

// failed returns the beginnings of the names of the checks that fail.
func failed(r *report.Run) (names []string) {
	for _, c := range r.Checks() {
		if c.Faults == 0 {
			continue
		}
		name := c.Name
		for _, begin := range []string{addsUp, hasEveryPoint, countsApart, onlyExpected} {
			if strings.HasPrefix(c.Name, begin) {
				name = begin
			}
		}
		names = append(names, name)
	}
	return names
}

func TestGrowthIsExactWithARemainder(t *testing.T) {
	t.Parallel()
	r, text := runAgainst(t, &fakeCollector{})
	assert.True(t, r.Passed(), text)
	assert.Contains(t, text, "\nGROWTH ")
	i := r.Points.Increases
	assert.Greater(t, i.Series, 250)
	assert.Equal(t, i.Want, i.Remainders)
	for _, isHistogram := range []bool{false, true} {
		sent, kept, remainder, off := i.Total(isHistogram, 0)
		assert.Positive(t, kept)
		assert.Positive(t, remainder)
		assert.InDelta(t, sent, kept+remainder, 0)
		assert.Zero(t, off)
	}
}

func TestWithoutARemainderGrowthIsNotChecked(t *testing.T) {
	t.Parallel()
	r, text := runSizes(t, &fakeCollector{}, smallSizes, config.Setting{Key: "metrics::remainder::enabled", Value: "false"})
	assert.True(t, r.Passed(), text)
	assert.Contains(t, text, "run passed: 18 checks")
	assert.NotContains(t, text, "GROWTH")
	assert.Equal(t, smallSizes.DataPoints, r.Points.Sent)
}

func TestOneWrongRemainderFailsTheRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		checks []string
		spoil  func(points pmetric.NumberDataPointSlice) bool
	}{
		"without its zero": {[]string{addsUp, hasEveryPoint}, func(points pmetric.NumberDataPointSlice) bool {
			if points.Len() < 2 || points.At(1).IntValue() == 0 { // the dropped series were there in the first export
				return false
			}
			points.RemoveIf(func(p pmetric.NumberDataPoint) bool { return p.Timestamp() == p.StartTimestamp() })
			return true
		}},
		"missing in one batch": {[]string{hasEveryPoint}, func(points pmetric.NumberDataPointSlice) bool {
			if points.Len() != 1 {
				return false
			}
			points.RemoveIf(func(pmetric.NumberDataPoint) bool { return true })
			return true
		}},
		"without its mark": {[]string{onlyExpected, hasEveryPoint}, func(points pmetric.NumberDataPointSlice) bool {
			return points.Len() == 1 && points.At(0).Attributes().Remove(items.RemainderAttribute)
		}},
		"with an identifier": {[]string{onlyExpected, hasEveryPoint}, func(points pmetric.NumberDataPointSlice) bool {
			if points.Len() != 1 {
				return false
			}
			points.At(0).Attributes().PutStr("pod", "p-1")
			return true
		}},
		"with another start": {[]string{addsUp}, func(points pmetric.NumberDataPointSlice) bool {
			if points.Len() != 1 || points.At(0).IntValue() == 0 {
				return false
			}
			if last := points.At(0).Timestamp() - points.At(0).StartTimestamp(); last < pcommon.Timestamp(40*time.Second) { // it has not grown before
				return false
			}
			points.At(0).SetStartTimestamp(points.At(0).StartTimestamp() + 1)
			return true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeCollector{}
			var one once
			f.remainder.spoil = func(remainders pmetric.Metrics) { one.growing(remainders, test.spoil) }
			r, text := runAgainst(t, f)
			assert.True(t, one.done)
			got := failed(r)
			for _, check := range test.checks {
				assert.Contains(t, got, check, text)
			}
		})
	}
}

// growing calls spoil for the remainders of counters of growing series until it returns true.
func (o *once) growing(remainders pmetric.Metrics, spoil func(pmetric.NumberDataPointSlice) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for p := range items.Points(remainders) {
		instance, _ := p.Resource.Attributes().Get("service.instance.id")
		isGrowing := strings.Count(instance.Str(), "-") > 1
		if !o.done && isGrowing && p.Metric.Type() == pmetric.MetricTypeSum {
			o.done = spoil(p.Metric.Sum().DataPoints())
		}
	}
}

func TestACollectorThatAddsUpWronglyFailsTheRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil  func(*fakeCollector)
		checks []string
	}{
		"restarts are not noticed": {func(f *fakeCollector) { f.remainder.ignoresStarts = true }, []string{addsUp}},
		"new series do not count":  {func(f *fakeCollector) { f.remainder.ignoresNew = true }, []string{addsUp}},
		"its points are miscounted": {func(f *fakeCollector) {
			f.remainder.spoil = func(pmetric.Metrics) { f.remainder.points.Add(1) }
		}, []string{countsApart}},
		"what is kept is not complete": {dropOne, []string{onlyExpected, addsUp}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeCollector{}
			test.spoil(f)
			r, text := runAgainst(t, f)
			assert.Equal(t, test.checks, failed(r), text)
		})
	}
}

// dropOne has the last point of a kept growing series dropped.
func dropOne(f *fakeCollector) {
	var mu sync.Mutex
	seen := map[string]int{}
	done := false
	f.spoilMetrics = func(request pmetric.Metrics) {
		mu.Lock()
		defer mu.Unlock()
		for _, resource := range request.ResourceMetrics().All() {
			instance, _ := resource.Resource().Attributes().Get("service.instance.id")
			for _, metric := range resource.ScopeMetrics().At(0).Metrics().All() {
				if metric.Type() != pmetric.MetricTypeSum || strings.Count(instance.Str(), "-") < 2 {
					continue
				}
				metric.Sum().DataPoints().RemoveIf(func(p pmetric.NumberDataPoint) bool {
					key := metric.Name() + instance.Str() + joined(p.Attributes())
					if seen[key]++; done || seen[key] < 5 {
						return false
					}
					done = true
					return true
				})
			}
		}
	}
}

func joined(attributes pcommon.Map) string {
	all := ""
	for key, value := range attributes.All() {
		all += key + "=" + value.AsString() + ";"
	}
	return all
}
