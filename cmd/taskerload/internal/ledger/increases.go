// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// Increases is by how much the growing series that were sent have grown, and what a backend sees of it.
type Increases struct {
	Series int
	Sums   []Increase // for each metric, and each set of attributes that remainders carry

	// Remainders is the number of points that arrived of remainders of growing series, and Want the number that must arrive: one in each
	// batch that one of the series was dropped from, and a zero before the first.
	Remainders, Want int
}

// Increase is by how much the series have grown that differ in no attribute that remainders carry: a value; or a count, a sum and buckets.
type Increase struct {
	IsHistogram           bool
	Sent, Kept, Remainder []float64
}

// Difference is by how much the number at this place is off: what was sent less what was kept and added up.
func (i *Increase) Difference(n int) float64 {
	return at(i.Sent, n) - at(i.Kept, n) - at(i.Remainder, n)
}

// IsOff reports whether any number is off.
func (i *Increase) IsOff() bool {
	for n := range max(len(i.Sent), len(i.Kept), len(i.Remainder)) {
		if i.Difference(n) != 0 {
			return true
		}
	}
	return false
}

// Off is the number of sums that are off.
func (i *Increases) Off() (n int) {
	for s := range i.Sums {
		if i.Sums[s].IsOff() {
			n++
		}
	}
	return n
}

// Total adds up a number of all counters or histograms, and how far it is off.
func (i *Increases) Total(isHistogram bool, n int) (sent, kept, remainder, off float64) {
	for s := range i.Sums {
		if one := &i.Sums[s]; one.IsHistogram == isHistogram {
			sent, kept, remainder = sent+at(one.Sent, n), kept+at(one.Kept, n), remainder+at(one.Remainder, n)
			off += math.Abs(one.Difference(n))
		}
	}
	return sent, kept, remainder, off
}

func at(numbers []float64, n int) float64 {
	if n < len(numbers) {
		return numbers[n]
	}
	return 0
}

// growing records what was sent of growing series, and what arrived.
type growing struct {
	sent         *oracle.Increases
	isHistogram  map[string]bool // by sum
	dropped      map[string]bool // sums that remainders must have
	series       map[string]*arrivedSeries
	arrived      int // points of remainders
	want         int
	isDroppedNow map[string]bool // sums that a request adds to
}

// arrivedSeries is what arrived of a growing series or a remainder.
type arrivedSeries struct {
	sum, export string
	isRemainder bool
	samples     []oracle.Sample
}

func newGrowing() growing {
	return growing{
		sent: oracle.NewIncreases(), isHistogram: map[string]bool{}, dropped: map[string]bool{}, series: map[string]*arrivedSeries{},
		isDroppedNow: map[string]bool{},
	}
}

// send records a point that is about to be sent.
func (g *growing) send(p *items.Point, sum string, keep bool) {
	g.isHistogram[sum] = p.Metric.Type() == pmetric.MetricTypeHistogram
	g.sent.Add(p, sum)
	if !keep {
		g.isDroppedNow[sum] = true
	}
}

// end ends a request, and returns how many points of remainders it makes.
func (g *growing) end() (points int) {
	for sum := range g.isDroppedNow {
		points++
		if !g.dropped[sum] {
			g.dropped[sum] = true
			points++
		}
	}
	clear(g.isDroppedNow)
	g.want += points
	return points
}

// receive records a point that arrived.
func (g *growing) receive(p *items.Point, sum string) {
	key := p.Series()
	s := g.series[key]
	if s == nil {
		s = &arrivedSeries{sum: sum, export: p.Export(), isRemainder: p.IsRemainder()}
		g.series[key] = s
	}
	s.samples = append(s.samples, oracle.NewSample(p))
	if s.isRemainder {
		g.arrived++
	}
}

// settle returns the increases, and calls report for those that are off.
func (g *growing) settle(report func(sum string, i *Increase)) *Increases {
	all := map[string]*Increase{}
	of := func(sum string) *Increase {
		if all[sum] == nil {
			all[sum] = &Increase{IsHistogram: g.isHistogram[sum]}
		}
		return all[sum]
	}
	for sum, numbers := range g.sent.BySum() {
		of(sum).Sent = numbers
	}
	for _, s := range g.series {
		to := &of(s.sum).Kept
		// A backend begins to count a remainder with its first point, which must be a zero.
		isNew := false
		if s.isRemainder {
			to = &of(s.sum).Remainder
		} else {
			isNew = g.sent.IsNew(s.export, earliest(s.samples))
		}
		*to = oracle.AddIncrease(*to, oracle.Increase(s.samples, isNew), 1)
	}
	out := &Increases{Series: g.sent.Series(), Remainders: g.arrived, Want: g.want}
	for _, sum := range slices.Sorted(maps.Keys(all)) {
		out.Sums = append(out.Sums, *all[sum])
		if all[sum].IsOff() {
			report(sum, all[sum])
		}
	}
	return out
}

func earliest(samples []oracle.Sample) pcommon.Timestamp {
	return slices.MinFunc(samples, func(a, b oracle.Sample) int { return cmp.Compare(a.Time, b.Time) }).Time
}
