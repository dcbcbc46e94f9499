// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"fmt"
	"strings"
	"sync"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
)

// MinBudgetPrecision is the least precision of thresholds that follow from budgets (B4): a change of rate by a few per cent must change them.
const MinBudgetPrecision = 3

// budgeted is the entry of a budget of many namespaces: of a pattern, or of all that share one. It holds the matches that were asked for.
type budgeted struct {
	entry     Match
	allowance *allowance.Allowance
	precision int

	mu      sync.RWMutex
	matches map[string]*Match
}

// budget completes the match of a budget: with its share if it is that of one namespace, else with the entry for many.
func (t *Table) budget(spec *Spec, m Match, id allowance.ID) (Match, error) {
	id.Signal, id.ItemsPerSecond = string(spec.Signal), m.ItemsPerSecond
	if spec.Allowances == nil {
		return m, fmt.Errorf("there is no budget of %v items per second for %s", id.ItemsPerSecond, id.Signal)
	}
	t.budgets = append(t.budgets, id)
	allowed := spec.Allowances(id)
	if !id.IsShared && !IsPattern(id.Key) {
		return m.withShare(allowed.Of(id.Key), spec.Precision), nil
	}
	var err error
	if m.Rate, err = New(allowed.Highest(), spec.Precision); err != nil {
		return m, err
	}
	return m.withEntry(&budgeted{allowance: allowed, precision: spec.Precision}), nil
}

func (m Match) withEntry(b *budgeted) Match {
	m.budgeted = nil
	b.entry, b.matches = m, map[string]*Match{}
	m.budgeted = b
	return m
}

func (m Match) withShare(s *allowance.Share, precision int) Match {
	m.Share, m.lowering = s, &lowering{precision: precision}
	m.Rate = budgetRate(s.Rate, precision)
	return m
}

// budgetRate returns the rate of a budget, which is in (0, 1].
func budgetRate(probability float64, precision int) Rate {
	r, err := New(probability, precision)
	if err != nil { // cannot be: the rates of budgets are valid
		return Always
	}
	return r
}

// asPattern returns the match of an override for the namespaces that its key matches as a pattern.
func (m Match) asPattern(key string) Match {
	m.Rule, m.Pattern = Pattern, key
	if m.budgeted == nil {
		return m
	}
	return m.withEntry(&budgeted{allowance: m.budgeted.allowance, precision: m.budgeted.precision})
}

// of returns the match of a namespace: m itself, or for a budget of many namespaces that of the one.
func (m *Match) of(namespace string) *Match {
	if m.budgeted == nil {
		return m
	}
	return m.budgeted.of(namespace)
}

// peek returns the match of a namespace, to be shown.
func (m *Match) peek(namespace string) *Match {
	if m.budgeted == nil {
		return m
	}
	b := m.budgeted
	if known := b.known(namespace); known != nil {
		return known
	}
	shown := b.entry.withShare(b.allowance.Peek(namespace), b.precision)
	return &shown
}

func (b *budgeted) known(namespace string) *Match {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.matches[namespace]
}

func (b *budgeted) of(namespace string) *Match {
	if m := b.known(namespace); m != nil {
		return m
	}
	namespace = strings.Clone(namespace) // so that the telemetry is not retained
	fresh := b.entry.withShare(b.allowance.Of(namespace), b.precision)
	if fresh.Share.IsRest() {
		return &fresh // there may be any number of them
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if m, ok := b.matches[namespace]; ok {
		return m
	}
	b.matches[namespace] = &fresh
	return &fresh
}

// lowering holds the matches of a share with rates that the guard has lowered, by the number of halvings. They are made when they are needed.
type lowering struct {
	precision int
	lowered   sync.Map // int → *Match
}

// Halvings returns how many times the guard halves the rate now (B5); 0 without a budget.
func (m *Match) Halvings() int {
	if m.Share == nil {
		return 0
	}
	return m.Share.Guard.Halvings()
}

// Lowered returns the match after a number of halvings.
func (m *Match) Lowered(halvings int) *Match {
	if halvings == 0 || m.Share == nil {
		return m
	}
	if known, ok := m.lowering.lowered.Load(halvings); ok {
		return known.(*Match)
	}
	lowered := *m
	lowered.Rate = budgetRate(m.Share.Guard.Lowered(m.Probability, halvings), m.lowering.precision)
	known, _ := m.lowering.lowered.LoadOrStore(halvings, &lowered)
	return known.(*Match)
}

// HasBudgets reports whether any rate follows from a budget.
func (t *Table) HasBudgets() bool { return len(t.budgets) > 0 }

// Budgets returns the budgets that rates follow from.
func (t *Table) Budgets() []allowance.ID { return t.budgets }
