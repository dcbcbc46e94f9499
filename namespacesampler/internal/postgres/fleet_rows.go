// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
)

// budgetRow identifies a budget in rows that are written, in JSON.
type budgetRow struct {
	Signal         string  `json:"signal"`
	Budget         string  `json:"budget"`
	Shared         bool    `json:"shared"`
	ItemsPerSecond float64 `json:"items_per_second"`
}

func newBudgetRow(id allowance.ID) budgetRow {
	return budgetRow{id.Signal, encodeName(id.Key), id.IsShared, id.ItemsPerSecond}
}

// arrivalsColumns are the columns of arrivals: an element each for a namespace and a bin.
type arrivalsColumns struct {
	Namespaces []string  `json:"namespaces"`
	Exponents  []int16   `json:"exponents"`
	Items      []float64 `json:"items"`
	Adjusted   []float64 `json:"adjusted"`
}

func emptyArrivals() arrivalsColumns {
	return arrivalsColumns{[]string{}, []int16{}, []float64{}, []float64{}} // JSON has [] for them, not null
}

func (c *arrivalsColumns) add(name string, b budget.Bin) {
	c.Namespaces, c.Exponents = append(c.Namespaces, encodeName(name)), append(c.Exponents, int16(b.Exponent))
	c.Items, c.Adjusted = append(c.Items, b.Items), append(c.Adjusted, b.Adjusted)
}

type countsRow struct {
	budgetRow
	arrivalsColumns
}

type ratesRow struct {
	budgetRow
	Rated []string  `json:"rated"`
	Rates []float64 `json:"rates"`
}

// sumsRow is a row of sums as it is, which may make no sense.
type sumsRow struct {
	id allowance.ID
	arrivalsColumns
	rated      []string
	rates      []float64
	collectors int64
	err        error
}

func scanSums(row pgx.CollectableRow) (s sumsRow, err error) {
	var key string
	err = row.Scan(&s.id.Signal, &key, &s.id.IsShared, &s.id.ItemsPerSecond, &s.Namespaces, &s.Exponents, &s.Items, &s.Adjusted,
		&s.rated, &s.rates, &s.collectors)
	if err == nil {
		s.id.Key, s.err = decodeName(key)
	}
	return s, err
}

var errSums = errors.New("the sums make no sense")

// answer returns what the row says of an interval.
func (s *sumsRow) answer(number int64) (*budget.Answer, error) {
	n := len(s.Namespaces)
	if s.err != nil || len(s.Exponents) != n || len(s.Items) != n || len(s.Adjusted) != n || len(s.rated) != len(s.rates) {
		return nil, errSums
	}
	a := &budget.Answer{Number: number, Arrivals: map[string]budget.Arrivals{}, Before: map[string]float64{}, Collectors: int(s.collectors)}
	for i, encoded := range s.Namespaces {
		name, err := decodeName(encoded)
		b := budget.Bin{Exponent: uint8(s.Exponents[i]), Items: s.Items[i], Adjusted: s.Adjusted[i]} //nolint:gosec // checked below
		if err != nil || int16(b.Exponent) != s.Exponents[i] || !isCount(b.Items) || !isCount(b.Adjusted) || b.Adjusted < b.Items*(1-1e-9) {
			return nil, errSums
		}
		arrivals := a.Arrivals[name]
		arrivals.AddBin(b)
		a.Arrivals[name] = arrivals
	}
	for i, encoded := range s.rated {
		name, err := decodeName(encoded)
		if err != nil || !(s.rates[i] > 0 && s.rates[i] <= 1) {
			return nil, errSums
		}
		a.Before[name] = s.rates[i]
	}
	return a, nil
}

func isCount(n float64) bool { return n >= 0 && !math.IsInf(n, 0) }

// encodeName returns a name as ASCII text: names come from telemetry and can hold what the encoding of a database cannot, and text in Postgres
// cannot hold a NUL.
func encodeName(name string) string {
	quoted := strconv.QuoteToASCII(name)
	return quoted[1 : len(quoted)-1]
}

func decodeName(encoded string) (string, error) {
	name, err := strconv.Unquote(`"` + encoded + `"`)
	if err != nil {
		return "", fmt.Errorf("name %q: %w", encoded, err)
	}
	return name, nil
}
