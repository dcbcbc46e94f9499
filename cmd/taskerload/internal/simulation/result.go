// SPDX-License-Identifier: Apache-2.0

package simulation

// Row is what happened in an interval, in items.
type Row struct {
	// Arrived is the number of items that arrived, and Adjusted the number that they stand for.
	Arrived, Adjusted float64
	// Rate is the mean of the rates in force, over what arrived, without the guards.
	Rate float64
	// Halvings are those of the guard that was engaged most.
	Halvings int
	// Expected is the number of items that are kept on average, and Kept the number that was.
	Expected, Kept float64
	// Estimate is the adjusted count of what was kept.
	Estimate                       float64
	KeptVariance, EstimateVariance float64
	Collectors                     int

	rates float64
}

// Result is what happened in a simulation.
type Result struct {
	Settings Settings
	Shape    Shape
	Rows     []Row
}

const (
	// overshoot is the use of the budget that counts as more than it.
	overshoot = 1.2
	// recovered is the use of the budget that counts as using it again.
	recovered = 0.8
)

// Use returns what is kept on average in an interval, as a part of the budget.
func (r *Result) Use(interval int) float64 { return r.Rows[interval].Expected / r.Settings.items() }

// Warm is the number of intervals before the rates follow from what has arrived: each collector has the initial rate, and those of a fleet count
// for themselves until its first answer.
func (r *Result) Warm() int {
	if r.Settings.isFleet() {
		return 2
	}
	return 1
}

// Mean returns the mean use of the budget from an interval to the end.
func (r *Result) Mean(from int) (mean float64) {
	for i := from; i < len(r.Rows); i++ {
		mean += r.Use(i)
	}
	return mean / float64(max(len(r.Rows)-from, 1))
}

// Worst returns the highest use of the budget after the start, and its interval.
func (r *Result) Worst() (use float64, interval int) {
	for i := r.Warm(); i < len(r.Rows); i++ {
		if u := r.Use(i); u > use {
			use, interval = u, i
		}
	}
	return use, interval
}

// Overshoot returns the number of intervals from the event on in which more than the budget was kept without a break.
func (r *Result) Overshoot() int {
	return r.until(func(use float64) bool { return use <= overshoot })
}

// Recovery returns the number of intervals from the event on until most of the budget was used.
func (r *Result) Recovery() int {
	return r.until(func(use float64) bool { return use >= recovered })
}

func (r *Result) until(isOver func(use float64) bool) (intervals int) {
	for i := r.Shape.Event; i < len(r.Rows) && !isOver(r.Use(i)); i++ {
		intervals++
	}
	return intervals
}

// Turns returns how many times the rate changed its direction from an interval on.
func (r *Result) Turns(from int) (turns int) {
	last := 0.0
	for i := max(from, 1); i < len(r.Rows); i++ {
		change := r.Rows[i].Rate - r.Rows[i-1].Rate
		if change == 0 {
			continue
		}
		if change*last < 0 {
			turns++
		}
		last = change
	}
	return turns
}

// Sum adds up the rows from an interval on.
func (r *Result) Sum(from int) (sum Row) {
	for _, row := range r.Rows[min(from, len(r.Rows)):] {
		sum.Arrived += row.Arrived
		sum.Adjusted += row.Adjusted
		sum.Expected += row.Expected
		sum.Kept += row.Kept
		sum.Estimate += row.Estimate
		sum.KeptVariance += row.KeptVariance
		sum.EstimateVariance += row.EstimateVariance
	}
	return sum
}
