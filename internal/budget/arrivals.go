// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"math"
	"slices"
)

// Mode is how a rate combines with the probability that items arrive with.
type Mode uint8

const (
	// Equalizing keeps an item that arrives with probability P with min(1, rate/P).
	Equalizing Mode = iota
	// Proportional keeps every item with the rate.
	Proportional
)

// Bin is a number of items that arrived with about the same probability.
type Bin struct {
	// Exponent is that of the probabilities: they are above 2^-(Exponent+1) and at most 2^-Exponent.
	Exponent uint8
	// Items is the number of items. It is fractional if some of them stand for others.
	Items float64
	// Adjusted is the sum of the inverse probabilities of the items. With it a bin is exact if all of its items arrived with the same
	// probability, whether that is a power of two or not.
	Adjusted float64
}

// Arrivals are the items that arrived in an interval, by the probability that they arrived with (B2). Bins are sorted by exponent.
type Arrivals []Bin

// exponentOf returns the exponent of the bin of a probability, which is in (0, 1].
func exponentOf(probability float64) uint8 {
	fraction, exponent := math.Frexp(probability)
	if fraction == 0.5 {
		exponent--
	}
	return uint8(min(max(-exponent, 0), math.MaxUint8))
}

// Add adds items that arrived with a probability in (0, 1].
func (a *Arrivals) Add(probability, items float64) {
	a.AddBin(Bin{exponentOf(probability), items, items / probability})
}

// AddMean adds a number of items whose inverse probabilities add up to adjusted, as if all of them had arrived with the same probability.
func (a *Arrivals) AddMean(items, adjusted float64) {
	if items > 0 {
		a.AddBin(Bin{exponentOf(min(items/adjusted, 1)), items, adjusted})
	}
}

// AddBin adds the items of a bin.
func (a *Arrivals) AddBin(b Bin) {
	i := 0
	for i < len(*a) && (*a)[i].Exponent < b.Exponent { // there are few
		i++
	}
	if i < len(*a) && (*a)[i].Exponent == b.Exponent {
		(*a)[i].Items += b.Items
		(*a)[i].Adjusted += b.Adjusted
		return
	}
	*a = slices.Insert(*a, i, b)
}

// Merge adds other arrivals.
func (a *Arrivals) Merge(other Arrivals) {
	for _, b := range other {
		a.AddBin(b)
	}
}

// Scaled returns the arrivals multiplied by a factor.
func (a Arrivals) Scaled(factor float64) Arrivals {
	scaled := slices.Clone(a)
	for i := range scaled {
		scaled[i].Items *= factor
		scaled[i].Adjusted *= factor
	}
	return scaled
}

// Items returns the number of items.
func (a Arrivals) Items() (items float64) {
	for _, b := range a {
		items += b.Items
	}
	return items
}

// adjusted returns the sum of the inverse probabilities of the items.
func (a Arrivals) adjusted() (adjusted float64) {
	for _, b := range a {
		adjusted += b.Adjusted
	}
	return adjusted
}

// Kept returns how many of the items a rate keeps on average.
func (a Arrivals) Kept(rate float64, mode Mode) (kept float64) {
	if mode == Proportional {
		return float64(rate * a.Items())
	}
	for _, b := range a {
		kept += min(b.Items, float64(rate*b.Adjusted))
	}
	return kept
}

// rateFor returns the rate in (0, 1] that keeps a number of the items on average, and 1 if there are no more than that.
//
// The inverse probabilities are added up anew for each bin: subtracting those of a low probability would leave nothing of the others.
//
// The conversions to float64 keep compilers from fusing operations on some architectures, so that all collectors of a fleet compute the same.
func (a Arrivals) rateFor(target float64, mode Mode) float64 {
	items := a.Items()
	if items <= target {
		return 1
	}
	if mode == Proportional {
		return target / items
	}
	saturated := 0.0 // items of the bins that the rate keeps whole
	for i, b := range slices.Backward(a) {
		rate := float64(target-saturated) / a[:i+1].adjusted()
		if float64(rate*b.Adjusted) <= b.Items {
			return min(rate, 1)
		}
		saturated += b.Items
	}
	return 1
}
