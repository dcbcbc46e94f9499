// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// MaxNameBytes is the length that names are truncated to, longer than that of any valid name.
const MaxNameBytes = 2000

// overridesSQL casts all columns, so that they may have other types, and truncates texts. Times are read in seconds, since as
// text they can have forms that only Postgres knows, such as infinity. The first column is NULL; it has the type of expires_at.
const overridesSQL = `SELECT CASE WHEN false THEN expires_at END,
	left(namespace::text, %d), coalesce(left(signal::text, 100), ''), coalesce(sample_rate::float8, 'NaN'),
	coalesce(extract(epoch FROM expires_at::timestamptz)::float8, 'Infinity'),
	coalesce(left(reason::text, 500), ''), coalesce(left(updated_by::text, 200), ''),
	coalesce(extract(epoch FROM updated_at::timestamptz)::float8, 'Infinity')
FROM %s ORDER BY 2, 3 LIMIT %d`

// OverrideRow is a row of the table of runtime overrides as it is, which may be invalid. A NULL rate is NaN.
type OverrideRow struct {
	rate.Override
	// LacksNamespace is true if the namespace is NULL. An empty one stands for items without a namespace.
	LacksNamespace bool
}

// Overrides reads the table of runtime overrides: up to MaxRows rows, and one more if there are more. An error is a *ReadError. It is
// a refusal if the times in expires_at do not have a time zone.
func (db *DB) Overrides(ctx context.Context, table Table) ([]OverrideRow, error) {
	sql := fmt.Sprintf(overridesSQL, MaxNameBytes, table, MaxRows+1)
	return read(ctx, db, sql, func(rows pgx.Rows) ([]OverrideRow, error) {
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
	var key *string
	var expires, updated float64
	err := row.Scan(nil, &key, (*string)(&o.Signal), &o.Probability, &expires, &o.Reason, &o.UpdatedBy, &updated)
	if o.LacksNamespace = key == nil; !o.LacksNamespace {
		o.Key = *key
	}
	o.Until, o.UpdatedAt = timeOf(expires), timeOf(updated)
	o.Reason, o.UpdatedBy = valid(o.Reason), valid(o.UpdatedBy)
	return o, err
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
