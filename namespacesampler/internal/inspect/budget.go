// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"math"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Budget is what the rate of a namespace follows from.
type Budget struct {
	// ItemsPerSecond is the budget: of the namespace alone, or of all that share it if Shared is true.
	ItemsPerSecond float64 `json:"items_per_second"`
	// ArrivedPerSecond is what arrived of the namespace in the last interval; null before the first has ended. Namespaces that are not counted by
	// themselves have that of all of them.
	ArrivedPerSecond *float64 `json:"arrived_per_second"`
	Shared           bool     `json:"shared"`
	// Since is when the rate came to be what it is, without the guard; null for the initial rate.
	Since *time.Time `json:"since"`
	// Halvings is how many times the guard has halved the rate in this interval.
	Halvings int `json:"halvings"`
}

// BudgetHistory is a budget in the last intervals.
type BudgetHistory struct {
	Signal string `json:"signal"`
	// Key is the name of a namespace, or a pattern whose namespaces have a budget each; empty if Shared is true, or for items without a namespace.
	Key            string  `json:"key"`
	Shared         bool    `json:"shared"`
	ItemsPerSecond float64 `json:"items_per_second"`
	// Arrived and Kept are items a second of all namespaces of the budget, the latest interval last.
	Arrived []float64 `json:"arrived"`
	Kept    []float64 `json:"kept"`
	// Guarded reports whether the guard lowers a rate in this interval.
	Guarded bool `json:"guarded"`
	// Namespaces is the number of namespaces that are counted by themselves. Items without a namespace count as one.
	Namespaces int `json:"namespaces"`
}

// inForce returns a rate as it is now for what begins now: lowered by the guard of its budget. The budget is nil without one.
func (v *View) inForce(m *rate.Match) (*rate.Match, *Budget) {
	if m.Share == nil {
		return m, nil
	}
	r := v.Steering.Rates.Budgets().Read(m.Share)
	b := &Budget{ItemsPerSecond: m.ItemsPerSecond, Shared: m.Share.Budget.IsShared, Since: timeOrNil(r.Since), Halvings: r.Halvings}
	if r.HasArrived {
		b.ArrivedPerSecond = new(rounded(r.ArrivedPerSecond))
	}
	return m.Lowered(r.Halvings), b
}

// budgets returns the budgets in force, sorted by signal and key.
func (v *View) budgets() []BudgetHistory {
	isInForce := v.Steering.Rates.InForce().UsesBudget()
	budgets := []BudgetHistory{}
	for _, s := range v.Steering.Rates.Budgets().States() {
		if !isInForce(s.ID) { // it is about to be forgotten
			continue
		}
		b := BudgetHistory{
			Signal: s.Signal, Key: s.Key, Shared: s.IsShared, ItemsPerSecond: s.ItemsPerSecond,
			Arrived: s.Arrived, Kept: s.Kept, Guarded: s.IsGuarded, Namespaces: s.Namespaces,
		}
		for i := range b.Arrived {
			b.Arrived[i], b.Kept[i] = rounded(b.Arrived[i]), rounded(b.Kept[i])
		}
		budgets = append(budgets, b)
	}
	return budgets
}

// rounded returns a number of items a second to three decimals, so that an answer has no digits that tell nothing.
func rounded(itemsPerSecond float64) float64 { return math.Round(itemsPerSecond*1000) / 1000 }
