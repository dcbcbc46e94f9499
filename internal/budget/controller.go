// SPDX-License-Identifier: Apache-2.0

package budget

import "maps"

// Interval is what is in force on one collector in one interval.
type Interval struct {
	// Rates are those of the namespaces that something is known of. They are never changed.
	Rates map[string]float64
	// initial is the rate of the others.
	initial float64
	// shares are the collector's shares of the budgets of namespaces, where they are known. share is that of the others, or of the budget that
	// all of them share.
	shares map[string]float64
	share  float64
}

// RateOf returns the rate of a namespace.
func (i *Interval) RateOf(name string) float64 {
	if rate, ok := i.Rates[name]; ok {
		return rate
	}
	return i.initial
}

// ShareOf returns the collector's share of the budget of a namespace, in items, for its guard (B5). For a shared budget it is that of all
// namespaces together.
func (i *Interval) ShareOf(name string) float64 {
	if share, ok := i.shares[name]; ok {
		return share
	}
	return i.share
}

// Answer is what a fleet knows of a budget in one interval.
type Answer struct {
	// Number is that of the interval.
	Number int64
	// Arrivals are those of all collectors.
	Arrivals map[string]Arrivals
	// Before are the rates in force as the arrivals were added up.
	Before map[string]float64
	// Collectors is the number of live collectors.
	Collectors int
}

// Controller steers one budget on one collector, interval by interval. It is not safe for concurrent use.
type Controller struct {
	budget Budget
	now    Interval
	// own are the collector's own arrivals in the last intervals, by number.
	own map[int64]map[string]Arrivals
	// fleet is nil as long as the collector counts for itself alone.
	fleet *reference
}

// reference is what a fleet answered last.
type reference struct {
	Interval
	own        map[string]Arrivals // the collector's own part of the arrivals
	collectors int
}

// remembered is the number of intervals whose own arrivals are remembered. An answer is about the last interval but one.
const remembered = 3

// NewController returns a controller that has met no namespace.
func NewController(b Budget) *Controller {
	return &Controller{budget: b, now: Interval{initial: b.InitialRate, share: b.Items}, own: map[int64]map[string]Arrivals{}}
}

// InForce returns what is in force.
func (c *Controller) InForce() Interval { return c.now }

// IsInFleet reports whether the rates follow from what arrives in a fleet, as far as it was known last.
func (c *Controller) IsInFleet() bool { return c.fleet != nil }

// Advance ends an interval of a number, in which own has arrived at the collector, and returns what is in force in the next one. The answer is the
// latest of the fleet, or nil if there is none for this interval: then the collector goes on with the last rates of the fleet, if it ever had
// any, and lowers them where more arrives than it had a part in (B7).
func (c *Controller) Advance(number int64, own map[string]Arrivals, answer *Answer) Interval {
	c.own[number] = own
	maps.DeleteFunc(c.own, func(n int64, _ map[string]Arrivals) bool { return n <= number-remembered || n > number })
	switch {
	case answer != nil:
		c.Adopt(answer)
	case c.fleet != nil:
		c.now = c.fleet.Interval
		c.now.Rates = c.lowered(own)
	default:
		c.now = Interval{Rates: c.budget.Next(c.now.Rates, own), initial: c.budget.InitialRate, share: c.budget.Items}
	}
	return c.now
}

// Adopt puts the rates in force that follow from an answer of the fleet.
func (c *Controller) Adopt(answer *Answer) {
	rates := c.budget.Next(answer.Before, answer.Arrivals)
	own := c.own[answer.Number]
	c.now = Interval{Rates: rates, initial: c.budget.InitialRate, share: c.budget.Items / float64(max(answer.Collectors, 1))}
	if c.budget.IsShared {
		if share, ok := c.share(rates, own, answer.Arrivals); ok {
			c.now.share = share
		}
	} else {
		c.now.shares = c.shares(rates, own, answer.Arrivals)
	}
	c.fleet = &reference{Interval: c.now, own: own, collectors: answer.Collectors}
}

// share returns the collector's share of a budget by its part of what the rates keep, which differs from its part of what arrives where
// namespaces share the budget. It returns false for a collector without a part.
func (c *Controller) share(rates map[string]float64, own, all map[string]Arrivals) (items float64, ok bool) {
	part, whole := c.budget.kept(rates, own), c.budget.kept(rates, all)
	if part <= 0 || whole <= 0 {
		return 0, false
	}
	return c.budget.Items * min(part/whole, 1), true
}

// shares returns the collector's shares of the budgets of the namespaces that it has a part of.
func (c *Controller) shares(rates map[string]float64, own, all map[string]Arrivals) map[string]float64 {
	shares := make(map[string]float64, len(own))
	for name, a := range own {
		if share, ok := c.share(rates, map[string]Arrivals{name: a}, map[string]Arrivals{name: all[name]}); ok {
			shares[name] = share
		}
	}
	return shares
}

// lowered returns the last rates of the fleet, lowered for those namespaces of which more arrives at the collector than it may keep (B7).
func (c *Controller) lowered(own map[string]Arrivals) map[string]float64 {
	rates := maps.Clone(c.fleet.Rates)
	for name, a := range own {
		rate := c.budget.rateOf(rates, name)
		rates[name] = min(rate, max(a.rateFor(c.part(name, rate), c.budget.Mode), c.budget.MinRate))
	}
	return rates
}

// part returns how many items of a namespace the collector may keep without the fleet: as many as the last rates of the fleet kept of it here. If
// the budget was not used up then, what was left of the collector's share comes on top, in the same proportion for all namespaces.
func (c *Controller) part(name string, rate float64) float64 {
	kept := c.fleet.own[name].Kept(rate, c.budget.Mode)
	if kept <= 0 {
		return c.budget.Items / float64(max(c.fleet.collectors, 1))
	}
	whole := kept
	if c.budget.IsShared {
		whole = c.budget.kept(c.fleet.Rates, c.fleet.own)
	}
	return float64(kept * max(c.fleet.ShareOf(name)/whole, 1))
}
