// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"math"
	"sync/atomic"
)

const (
	// guardStart is the part of the share at which the guard halves rates for the first time, and guardStep the further parts at which it halves
	// them again (B5).
	guardStart, guardStep = 1.5, 0.25
	// maxHalvings bounds the halvings: thresholds have 56 bits.
	maxHalvings = 56
	// guardUnit is the part of an item that a guard counts.
	guardUnit = 1.0 / (1 << 20)
)

// Guard lowers the rates of a budget on one collector within an interval in which much more arrives than the rates were made for (B5). It is safe
// for concurrent use.
type Guard struct {
	share    float64
	expected atomic.Int64 // in units
	halvings atomic.Int32
	incoming atomic.Uint64 // the bits of the highest probability that items arrived with
}

// NewGuard returns the guard of an interval for a share of the budget, in items.
func NewGuard(share float64) *Guard { return &Guard{share: max(share, guardUnit)} }

// Share returns the share of the budget, in items.
func (g *Guard) Share() float64 { return g.share }

// Add adds the number of items that are expected to be kept: for each item the probability that it is. It may be negative, to correct an earlier
// number. incoming is the highest probability above which a rate keeps all of the items: the one that they arrived with, or 1 in proportional mode.
func (g *Guard) Add(expected, incoming float64) {
	for bits := math.Float64bits(incoming); ; { // in the order of the numbers, which are positive
		if now := g.incoming.Load(); now >= bits || g.incoming.CompareAndSwap(now, bits) {
			break
		}
	}
	sum := float64(g.expected.Add(int64(math.Round(expected/guardUnit)))) * guardUnit
	over := sum - guardStart*g.share
	if over < 0 {
		return
	}
	halvings := int32(min(1+math.Floor(over/(guardStep*g.share)), maxHalvings))
	for {
		now := g.halvings.Load()
		if now >= halvings || g.halvings.CompareAndSwap(now, halvings) {
			return
		}
	}
}

// Halvings returns how many times the rates of the budget are halved now. It never decreases.
func (g *Guard) Halvings() int { return int(g.halvings.Load()) }

// Lowered returns a rate after a number of halvings. If the rate is above the probability that items arrive with, the halvings begin there: above
// it they would change nothing.
func (g *Guard) Lowered(rate float64, halvings int) float64 {
	if halvings == 0 {
		return rate
	}
	incoming := math.Float64frombits(g.incoming.Load())
	return max(math.Ldexp(min(rate, incoming), -halvings), minRate)
}

// minRate is the lowest rate that 56 bits of randomness can express.
const minRate = 1.0 / (1 << 56)
