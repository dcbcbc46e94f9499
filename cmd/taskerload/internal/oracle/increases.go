// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

// Without are the attributes that remainders do not carry.
func (o *Oracle) Without() []string { return o.config.Without }

// HasRemainder reports whether what is dropped is added up.
func (o *Oracle) HasRemainder() bool { return o.config.Remainder }

// Sample is a point of a cumulative series: its value, or the count, the sum and the buckets of a histogram.
type Sample struct {
	Start, Time pcommon.Timestamp
	Numbers     []float64
}

// NewSample returns the sample of a point.
func NewSample(p *items.Point) Sample { return Sample{p.Reading.Start, p.Reading.Time, p.Numbers} }

// Increase is by how much a cumulative series has grown, given all of its samples in any order. A later start counts whole. The first sample
// counts whole if the series is new; else it is where counting begins.
func Increase(samples []Sample, isNew bool) []float64 {
	samples = slices.SortedFunc(slices.Values(samples), func(a, b Sample) int { return cmp.Compare(a.Time, b.Time) })
	var total []float64
	for i, s := range samples {
		total = AddIncrease(total, s.Numbers, 1)
		switch {
		case i == 0 && !isNew:
			total = AddIncrease(total, s.Numbers, -1)
		case i > 0 && s.Start <= samples[i-1].Start:
			total = AddIncrease(total, samples[i-1].Numbers, -1)
		}
	}
	return total
}

// AddIncrease adds n times the numbers to a total, which may be nil.
func AddIncrease(total, numbers []float64, n float64) []float64 {
	total = append(total, make([]float64, max(0, len(numbers)-len(total)))...)
	for i, x := range numbers {
		total[i] += n * x
	}
	return total
}

// Increases knows by how much the growing series of the load grow. It works from what is sent alone.
type Increases struct {
	series map[string]*grownSeries
	first  map[string]pcommon.Timestamp // the first export of each metric of a process
}

type grownSeries struct {
	sum     string
	isNew   bool
	samples []Sample
}

// NewIncreases returns an empty one.
func NewIncreases() *Increases {
	return &Increases{series: map[string]*grownSeries{}, first: map[string]pcommon.Timestamp{}}
}

// Add adds a point of a growing series. The sum is what it is added up in, by [items.Point.Sum]. Exports are added in their order.
func (i *Increases) Add(p *items.Point, sum string) {
	export := p.Export()
	if i.first[export] == 0 {
		i.first[export] = p.Reading.Time
	}
	key := p.Series()
	s := i.series[key]
	if s == nil {
		s = &grownSeries{sum: sum, isNew: p.Reading.Time > i.first[export]}
		i.series[key] = s
	}
	s.samples = append(s.samples, NewSample(p))
}

// IsNew reports whether the first export of its metric did not have a series whose first point has this time.
func (i *Increases) IsNew(export string, first pcommon.Timestamp) bool {
	return first > i.first[export]
}

// Series is the number of series.
func (i *Increases) Series() int { return len(i.series) }

// BySum returns by how much the series of each sum have grown together.
func (i *Increases) BySum() map[string][]float64 {
	all := map[string][]float64{}
	for _, s := range i.series {
		all[s.sum] = AddIncrease(all[s.sum], Increase(s.samples, s.isNew), 1)
	}
	return all
}
