// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"maps"
	"math"
	"slices"
)

const (
	// maxRise is the factor by which a rate rises at most from one interval to the next (B4).
	maxRise = 3
	// minChange is the part of a rate by which it must change at least, unless it reaches 1 (B4).
	minChange = 0.02
)

// Budget is a number of items for each interval: for every one of its namespaces, or shared by all of them.
type Budget struct {
	// Items is the number of items in an interval.
	Items float64
	// IsShared reports whether the namespaces share the items (B3). Otherwise each of them has as many.
	IsShared bool
	Mode     Mode
	// MinRate and InitialRate are in (0, 1]. InitialRate is the rate of namespaces that nothing is known of.
	MinRate, InitialRate float64
}

// Next returns the rates of namespaces for the next interval, from those before and what arrived in the fleet (B4). Namespaces that have come to
// rate 1 and of which nothing arrives are left out.
func (b *Budget) Next(before map[string]float64, arrivals map[string]Arrivals) map[string]float64 {
	level := b.level(arrivals)
	next := make(map[string]float64, len(arrivals))
	for name, a := range arrivals {
		next[name] = b.limit(b.rateOf(before, name), a.rateFor(level, b.Mode))
	}
	for name, was := range before {
		if _, ok := arrivals[name]; ok {
			continue
		}
		if rate := b.limit(was, 1); rate < 1 {
			next[name] = rate
		}
	}
	return next
}

// rateOf returns the rate of a namespace, or the initial rate.
func (b *Budget) rateOf(rates map[string]float64, name string) float64 {
	if rate, ok := rates[name]; ok {
		return rate
	}
	return b.InitialRate
}

// level returns how many items each namespace may keep. With a shared budget that is the fair level: those with fewer items are kept whole, and
// the others share the rest (B3).
func (b *Budget) level(arrivals map[string]Arrivals) float64 {
	if !b.IsShared {
		return b.Items
	}
	items := make([]float64, 0, len(arrivals))
	for _, a := range arrivals {
		items = append(items, a.Items())
	}
	slices.Sort(items) // the order of addition is the same on all collectors
	left := b.Items
	for i, n := range items {
		if fair := left / float64(len(items)-i); n > fair {
			return fair
		}
		left -= n
	}
	return math.Inf(1)
}

// limit returns the rate that follows a rate (B4).
func (b *Budget) limit(before, wanted float64) float64 {
	rate := max(min(wanted, float64(maxRise*before), 1), b.MinRate)
	if rate < 1 && before >= b.MinRate && math.Abs(rate-before) < float64(minChange*before) {
		return before
	}
	return rate
}

// kept returns how many items the rates keep on average.
func (b *Budget) kept(rates map[string]float64, arrivals map[string]Arrivals) (kept float64) {
	for _, name := range slices.Sorted(maps.Keys(arrivals)) {
		kept += arrivals[name].Kept(b.rateOf(rates, name), b.Mode)
	}
	return kept
}
