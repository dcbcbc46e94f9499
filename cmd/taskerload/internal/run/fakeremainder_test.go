// SPDX-License-Identifier: Apache-2.0

package run

import (
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// fakeRemainder adds up what the fake collector drops.
type fakeRemainder struct {
	// spoil is called with the remainders of each request, to introduce a fault.
	spoil func(pmetric.Metrics)
	// Faults: later starts do not count as such, and no series counts whole because it is new.
	ignoresStarts, ignoresNew bool

	points atomic.Int64

	mu      sync.Mutex
	last    map[string]oracle.Sample     // by series
	exports map[string]pcommon.Timestamp // the first of each metric
	totals  map[string]*fakeTotal        // by sum
}

// fakeTotal is a remainder.
type fakeTotal struct {
	point   items.Point // that the remainder is described by
	numbers []float64
	start   pcommon.Timestamp // before its first point
	latest  pcommon.Timestamp
	isOld   bool // it has begun
	isFed   bool
}

// add adds the points that are dropped, and returns the remainders that they were added to.
func (f *fakeRemainder) add(o *oracle.Oracle, request pmetric.Metrics, outcomes []oracle.Outcome) pmetric.Metrics {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := pmetric.NewMetrics()
	if !o.HasRemainder() {
		return out
	}
	if f.last == nil {
		f.last, f.exports, f.totals = map[string]oracle.Sample{}, map[string]pcommon.Timestamp{}, map[string]*fakeTotal{}
	}
	for p := range items.Points(request) {
		outcome := outcomes[0]
		outcomes = outcomes[1:]
		if !p.Grows() {
			continue
		}
		export := p.Export()
		if f.exports[export] == 0 {
			f.exports[export] = p.Reading.Time
		}
		if !outcome.Keep {
			f.drop(p, p.Sum(o.Without(), outcome.Write), p.Reading.Time > f.exports[export], &outcome, o.Without())
		}
	}
	for _, t := range f.totals {
		if t.isFed {
			f.points.Add(int64(t.emit(out)))
		}
	}
	if f.spoil != nil {
		f.spoil(out)
	}
	return out
}

func (f *fakeRemainder) drop(p *items.Point, sum string, isLater bool, outcome *oracle.Outcome, without []string) {
	t := f.totals[sum]
	if t == nil {
		t = &fakeTotal{point: describe(p, outcome.Write, without), start: p.Reading.Time - 1}
		f.totals[sum] = t
	}
	now := oracle.NewSample(p)
	before, isKnown := f.last[p.Series()]
	t.isFed, t.latest = true, max(t.latest, now.Time)
	f.last[p.Series()] = now
	switch {
	case isKnown && (now.Start == before.Start || f.ignoresStarts):
		t.numbers = oracle.AddIncrease(oracle.AddIncrease(t.numbers, now.Numbers, 1), before.Numbers, -1)
	case isKnown || isLater && !f.ignoresNew:
		t.numbers = oracle.AddIncrease(t.numbers, now.Numbers, 1)
	default:
		t.numbers = oracle.AddIncrease(t.numbers, now.Numbers, 0) // counting begins here
	}
}

// describe returns a copy of what remainders carry of a point.
func describe(p *items.Point, namespace string, without []string) items.Point {
	c := items.Point{
		Resource: pcommon.NewResource(), Scope: pcommon.NewInstrumentationScope(), Metric: pmetric.NewMetric(), Attributes: pcommon.NewMap(),
	}
	p.Resource.CopyTo(c.Resource)
	p.Scope.CopyTo(c.Scope)
	p.Metric.CopyTo(c.Metric)
	if p.Metric.Type() == pmetric.MetricTypeSum {
		c.Metric.Sum().DataPoints().RemoveIf(func(pmetric.NumberDataPoint) bool { return true })
	} else {
		c.Metric.Histogram().DataPoints().RemoveIf(func(pmetric.HistogramDataPoint) bool { return true })
	}
	p.Attributes.CopyTo(c.Attributes)
	for _, name := range without {
		c.Attributes.Remove(name)
	}
	write(c.Attributes, namespace)
	c.Attributes.PutStr(items.RemainderAttribute, "f2f3c6c8-47a4-4a5c-a9a5-3f0f5b0d2f0e")
	c.Bounds = p.Bounds
	return c
}

// emit appends the points of a remainder: a zero before the first one.
func (t *fakeTotal) emit(out pmetric.Metrics) (points int) {
	resource := out.ResourceMetrics().AppendEmpty()
	t.point.Resource.CopyTo(resource.Resource())
	scope := resource.ScopeMetrics().AppendEmpty()
	t.point.Scope.CopyTo(scope.Scope())
	metric := scope.Metrics().AppendEmpty()
	t.point.Metric.CopyTo(metric)
	if !t.isOld {
		t.append(metric, t.start, make([]float64, len(t.numbers)))
		points++
	}
	t.append(metric, t.latest, t.numbers)
	t.isOld, t.isFed = true, false
	return points + 1
}

func (t *fakeTotal) append(metric pmetric.Metric, at pcommon.Timestamp, numbers []float64) {
	if metric.Type() == pmetric.MetricTypeSum {
		p := metric.Sum().DataPoints().AppendEmpty()
		t.point.Attributes.CopyTo(p.Attributes())
		p.SetStartTimestamp(t.start)
		p.SetTimestamp(at)
		p.SetIntValue(int64(numbers[0]))
		return
	}
	p := metric.Histogram().DataPoints().AppendEmpty()
	t.point.Attributes.CopyTo(p.Attributes())
	p.SetStartTimestamp(t.start)
	p.SetTimestamp(at)
	p.SetCount(uint64(numbers[0]))
	p.SetSum(numbers[1])
	p.ExplicitBounds().FromRaw(t.point.Bounds)
	for _, n := range numbers[2:] {
		p.BucketCounts().Append(uint64(n))
	}
}
