// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
)

// Fleet is the part of the table of a fleet that the collectors of one component share, as one of them.
type Fleet struct {
	Table     Table
	Component string
	// Interval is the length of an interval. Its numbers count from 1970, by the server's clock.
	Interval time.Duration
	// Collector is the UUID of this collector.
	Collector string
}

// sumsOf is the collector of sums: the nil UUID.
const sumsOf = "00000000-0000-0000-0000-000000000000"

const (
	// liveIntervals is the number of intervals for which a collector counts that adds no more (B6).
	liveIntervals = 3
	// keptIntervals is the number of intervals after which rows are deleted (B6).
	keptIntervals = 10
)

var fleetOrigin = origin{remedies: map[string]string{
	"42P01": "create the table",
	"3F000": "create the schema of the table",
	"42703": remedyColumns,
	"42501": "grant the role USAGE on the schema, and SELECT, INSERT and DELETE on the table",
}}

// addCountsSQL also returns the time. Counts that are there already are those of the same collector for the same interval: they stay.
const addCountsSQL = `WITH added AS (
	INSERT INTO %s (component, seconds, number, signal, budget, shared, items_per_second, collector, namespaces, exponents, items, adjusted)
	SELECT $1::text, $2::float8, $3::bigint, signal, budget, shared, items_per_second, $4::uuid, namespaces, exponents, items, adjusted
	FROM json_to_recordset($5::text::json) AS c(signal text, budget text, shared boolean, items_per_second float8,
		namespaces text[], exponents smallint[], items float8[], adjusted float8[])
	ON CONFLICT DO NOTHING)
SELECT extract(epoch FROM clock_timestamp())::float8`

// AddCounts adds what has arrived at this collector in an interval, and returns the server's time. An error is a *ReadError.
func (db *DB) AddCounts(ctx context.Context, f *Fleet, number int64, counts map[allowance.ID]map[string]budget.Arrivals) (time.Time, error) {
	rows := []countsRow{}
	for id, arrivals := range counts {
		row := countsRow{budgetRow: newBudgetRow(id), arrivalsColumns: emptyArrivals()}
		for name, a := range arrivals {
			for _, b := range a {
				row.add(name, b)
			}
		}
		rows = append(rows, row)
	}
	return db.fleetTime(ctx, fmt.Sprintf(addCountsSQL, f.Table), f.Component, f.Interval.Seconds(), number, f.Collector, toJSON(rows))
}

// Time returns the server's time. An error is a *ReadError.
func (db *DB) Time(ctx context.Context) (time.Time, error) {
	return db.fleetTime(ctx, "SELECT extract(epoch FROM clock_timestamp())::float8")
}

func (db *DB) fleetTime(ctx context.Context, sql string, args ...any) (time.Time, error) {
	seconds, err := readWith(ctx, db, sql, args, func(rows pgx.Rows) ([]float64, error) {
		return pgx.CollectRows(rows, pgx.RowTo[float64])
	}, fleetOrigin)
	if err != nil {
		return time.Time{}, err
	}
	if len(seconds) != 1 {
		return time.Time{}, &ReadError{err: fmt.Errorf("the server returned %d times", len(seconds))}
	}
	return timeOf(seconds[0]), nil
}

// storeSumsSQL adds up, for each budget, the latest counts of each collector that is live, and stores the sums unless another collector has
// done so before. It also deletes old rows, of all components.
const storeSumsSQL = `WITH gone AS (
	DELETE FROM %[1]s WHERE (number + 1 + %[2]d) * seconds < extract(epoch FROM clock_timestamp())),
before AS (
	SELECT * FROM json_to_recordset($4::text::json) AS b(signal text, budget text, shared boolean, items_per_second float8, rated text[], rates float8[])),
latest AS (
	SELECT DISTINCT ON (c.signal, c.budget, c.shared, c.items_per_second, c.collector) c.*
	FROM %[1]s AS c JOIN before AS b USING (signal, budget, shared, items_per_second)
	WHERE c.component = $1::text AND c.seconds = $2::float8 AND c.number BETWEEN $3::bigint - %[3]d AND $3::bigint AND c.collector <> '%[4]s'
	ORDER BY c.signal, c.budget, c.shared, c.items_per_second, c.collector, c.number DESC),
live AS (
	SELECT signal, budget, shared, items_per_second, count(*) AS collectors FROM latest GROUP BY 1, 2, 3, 4),
parts AS (
	SELECT signal, budget, shared, items_per_second, u.namespace, u.exponent, sum(u.items) AS items, sum(u.adjusted) AS adjusted
	FROM latest, unnest(namespaces, exponents, items, adjusted) AS u(namespace, exponent, items, adjusted)
	GROUP BY 1, 2, 3, 4, 5, 6),
sums AS (
	SELECT signal, budget, shared, items_per_second, array_agg(namespace ORDER BY namespace, exponent) AS namespaces,
		array_agg(exponent ORDER BY namespace, exponent) AS exponents, array_agg(items ORDER BY namespace, exponent) AS items,
		array_agg(adjusted ORDER BY namespace, exponent) AS adjusted
	FROM parts GROUP BY 1, 2, 3, 4)
INSERT INTO %[1]s (component, seconds, number, signal, budget, shared, items_per_second, collector, namespaces, exponents, items, adjusted,
	rated, rates, collectors)
SELECT $1::text, $2::float8, $3::bigint, signal, budget, shared, items_per_second, '%[4]s', coalesce(namespaces, '{}'), coalesce(exponents, '{}'),
	coalesce(items, '{}'), coalesce(adjusted, '{}'), rated, rates, coalesce(collectors, 0)
FROM before LEFT JOIN live USING (signal, budget, shared, items_per_second) LEFT JOIN sums USING (signal, budget, shared, items_per_second)
ON CONFLICT DO NOTHING`

// StoreSums stores what has arrived in the fleet in an interval, with the rates that are in force now, unless another collector has done so. An
// error is a *ReadError.
func (db *DB) StoreSums(ctx context.Context, f *Fleet, number int64, inForce map[allowance.ID]map[string]float64) error {
	rows := []ratesRow{}
	for id, rates := range inForce {
		row := ratesRow{budgetRow: newBudgetRow(id), Rated: []string{}, Rates: []float64{}}
		for name, rate := range rates {
			row.Rated, row.Rates = append(row.Rated, encodeName(name)), append(row.Rates, rate)
		}
		rows = append(rows, row)
	}
	sql := fmt.Sprintf(storeSumsSQL, f.Table, keptIntervals, liveIntervals-1, sumsOf)
	_, err := readWith(ctx, db, sql, []any{f.Component, f.Interval.Seconds(), number, toJSON(rows)}, func(rows pgx.Rows) ([]struct{}, error) {
		rows.Close()
		return nil, rows.Err()
	}, fleetOrigin)
	return err
}

const sumsSQL = `SELECT signal, budget, shared, items_per_second, namespaces, exponents, items, adjusted, rated, rates, coalesce(collectors, 0)
FROM %s WHERE component = $1::text AND seconds = $2::float8 AND number = $3::bigint AND collector = '%s'`

// Sums returns what is stored of an interval, by budget. Rows that make no sense are left out. An error is a *ReadError.
func (db *DB) Sums(ctx context.Context, f *Fleet, number int64) (map[allowance.ID]*budget.Answer, error) {
	rows, err := readWith(ctx, db, fmt.Sprintf(sumsSQL, f.Table, sumsOf), []any{f.Component, f.Interval.Seconds(), number},
		func(rows pgx.Rows) ([]sumsRow, error) { return pgx.CollectRows(rows, scanSums) }, fleetOrigin)
	if err != nil {
		return nil, err
	}
	answers := make(map[allowance.ID]*budget.Answer, len(rows))
	for i := range rows {
		if answer, err := rows[i].answer(number); err == nil {
			answers[rows[i].id] = answer
		}
	}
	return answers, nil
}

func toJSON(rows any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(rows); err != nil { // cannot be: numbers are finite
		return "[]"
	}
	return text.String()
}
