// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// maxNumberText bounds the text of a number, in characters. Longer ones are refused rather than cut.
const maxNumberText = 200

// overridesSQL casts all columns, so that they may have other types, and truncates texts. No value may make the read fail, which would keep
// the other rows from being read: numbers and times of change are read as texts. JSON has times in ISO 8601, whatever the DateStyle.
// expires_at is a timestamptz, or is refused; it is read in seconds, since as text it could have forms that only Postgres knows, such as
// infinity. The first column is NULL; it has the type of expires_at. Rows are sorted by the columns themselves, as in the index of the
// primary key, so that a large table is read only up to the bound.
//
// A table may lack items_per_second. The name, which is not qualified, is that of a column of the table if there is one, as it is in the inner
// scope, else that of absent.
const overridesSQL = `SELECT CASE WHEN false THEN o.expires_at END,
	left(o.namespace::text, %d), coalesce(left(o.signal::text, 100), ''), left(o.sample_rate::text, %[2]d), left(o.items_per_second::text, %[2]d),
	coalesce(extract(epoch FROM o.expires_at::timestamptz)::float8, 'Infinity'),
	coalesce(left(o.reason::text, 500), ''), coalesce(left(o.updated_by::text, 200), ''),
	coalesce(left(to_json(o.updated_at) #>> '{}', 100), '')
FROM (SELECT NULL::text AS items_per_second) AS absent, LATERAL (
	SELECT t.namespace, t.signal, t.sample_rate, items_per_second, t.expires_at, t.reason, t.updated_by, t.updated_at FROM %[3]s AS t
) AS o ORDER BY o.namespace, o.signal LIMIT %[4]d`

func overridesStatement(from Table) string {
	return fmt.Sprintf(overridesSQL, rate.MaxNameBytes+1, maxNumberText+1, from, MaxRows+1)
}

// OverrideRow is a row of the table of runtime overrides as it is, which may be invalid. A number that is NULL or no number is NaN. Names that
// are too long are cut, and are still too long.
type OverrideRow struct {
	rate.Override
	// LacksNamespace is true if the namespace is NULL. An empty one stands for items without a namespace.
	LacksNamespace bool
	// LacksRate is true if the rate is NULL, HasBudget if the items per second are not.
	LacksRate, HasBudget bool
	// NumberError is why the rate or the items per second are no number, or nil.
	NumberError error
}

// Overrides reads the table of runtime overrides: up to MaxRows rows, and one more if there are more. An error is a *ReadError. It is
// a refusal if the times in expires_at do not have a time zone.
func (db *DB) Overrides(ctx context.Context, table Table) ([]OverrideRow, error) {
	return read(ctx, db, overridesStatement(table), func(rows pgx.Rows) ([]OverrideRow, error) {
		if err := checkExpiresAt(rows, table); err != nil {
			rows.Close()
			return nil, err
		}
		return pgx.CollectRows(rows, scanOverride)
	}, overridesOrigin)
}

// wrongType is the state of a read that is refused because of the type of a column: datatype_mismatch.
const wrongType = "42804"

// checkExpiresAt refuses times without a time zone before any of them is read.
func checkExpiresAt(rows pgx.Rows, table Table) error {
	columns := rows.FieldDescriptions()
	if len(columns) == 0 { // the statement has failed; reading its rows returns why
		return nil
	}
	oid := columns[0].DataTypeOID
	if oid == pgtype.TimestamptzOID {
		return nil
	}
	name := fmt.Sprintf("the type with OID %d", oid)
	if known, ok := rows.Conn().TypeMap().TypeForOID(oid); ok {
		name = known.Name
	}
	return &ReadError{State: wrongType, err: fmt.Errorf("the type of expires_at must be timestamptz, got %s, which has no time zone and is "+
		"therefore ambiguous: ALTER TABLE %s ALTER COLUMN expires_at TYPE timestamptz USING expires_at::timestamp AT TIME ZONE 'UTC', "+
		"or the time zone in which it is written", name, table)}
}

func scanOverride(row pgx.CollectableRow) (OverrideRow, error) {
	o := OverrideRow{Override: rate.Override{Source: rate.RuntimeOverride}}
	var key, probability, items *string
	var expires float64
	var updated string
	err := row.Scan(nil, &key, (*string)(&o.Signal), &probability, &items, &expires, &o.Reason, &o.UpdatedBy, &updated)
	if o.LacksNamespace = key == nil; !o.LacksNamespace {
		o.Key = *key
	}
	o.LacksRate, o.HasBudget = probability == nil, items != nil
	o.Probability, o.NumberError = parseRate(probability)
	if o.HasBudget {
		var itemsErr error
		o.ItemsPerSecond, itemsErr = parseItems(*items)
		o.NumberError = errors.Join(o.NumberError, itemsErr)
	}
	o.Until, o.UpdatedAt = timeOf(expires), parseTime(updated)
	o.Reason, o.UpdatedBy = valid(o.Reason), valid(o.UpdatedBy)
	return o, err
}

// errNoNumber and errTooSmall are why a text is no number.
var errNoNumber, errTooSmall = errors.New("no number"), errors.New("too small a number")

// parseRate parses a rate in decimal form, or NaN or Infinity, which are no valid rates. NULL is NaN.
func parseRate(text *string) (float64, error) {
	if text == nil {
		return math.NaN(), nil
	}
	p, err := parseNumber(*text)
	switch {
	case errors.Is(err, errNoNumber):
		return p, fmt.Errorf("sample_rate must be a number between 0 and 1, got %q", valid(cut(*text)))
	case errors.Is(err, errTooSmall):
		return p, fmt.Errorf("sample_rate is too small, write 0 to drop everything, got %q", valid(cut(*text)))
	}
	return p, nil
}

// parseItems parses items per second in decimal form, or NaN or Infinity, which are no valid budgets.
func parseItems(text string) (float64, error) {
	items, err := parseNumber(text)
	if err != nil {
		return items, fmt.Errorf("items_per_second must be a number above 0, got %q", valid(cut(text)))
	}
	return items, nil
}

// parseNumber returns NaN with each error.
func parseNumber(text string) (float64, error) {
	number := strings.Trim(text, " \t\n\v\f\r")
	n, err := strconv.ParseFloat(number, 64)
	isInfinite := errors.Is(err, strconv.ErrRange)
	switch {
	// Go also takes hexadecimal numbers and groups of digits.
	case len(text) > maxNumberText || err != nil && !isInfinite || strings.ContainsAny(number, "xX_"):
		return math.NaN(), errNoNumber
	case n == 0 && isNotZero(number):
		return math.NaN(), errTooSmall
	}
	return n, nil
}

// isNotZero reports whether a decimal number that was parsed as 0 is another number.
func isNotZero(number string) bool {
	digits, _, _ := strings.Cut(strings.ToLower(number), "e")
	return strings.ContainsAny(digits, "123456789")
}

// cut returns the beginning of a text that is shown.
func cut(text string) string {
	const most = 40 // characters
	n := 0
	for i := range text {
		if n++; n > most {
			return text[:i] + "..."
		}
	}
	return text
}

// timeLayouts are the forms of a time in JSON, and of one that was written as text. A time without a zone is taken as UTC.
var timeLayouts = []string{time.RFC3339, "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05", time.DateOnly}

// parseTime parses a time that is only shown. What is no time, or not in the years 0 to 9999, is zero.
func parseTime(text string) time.Time {
	text = strings.Replace(strings.TrimSpace(text), " ", "T", 1)
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// endOfTime is the end of year 9999. Overrides that expire after it never expire.
var endOfTime = float64(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).Unix())

// timeOf converts Unix time in seconds. Far-future values become zero; values before 1970 become the epoch.
func timeOf(seconds float64) time.Time {
	switch {
	case math.IsNaN(seconds) || seconds >= endOfTime:
		return time.Time{}
	case seconds < 0:
		return time.Unix(0, 0).UTC()
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000).UTC()
}
