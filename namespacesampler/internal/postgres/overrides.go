// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// MaxNameBytes is the length that names are truncated to, longer than that of any valid name.
const MaxNameBytes = 2000

// overridesSQL casts all columns, so that they may have other types, and truncates texts. Times are read in seconds, since as
// text they can have forms that only Postgres knows, such as infinity.
const overridesSQL = `SELECT coalesce(left(namespace::text, %d), ''), coalesce(left(signal::text, 100), ''),
	coalesce(sample_rate::float8, 'NaN'), coalesce(extract(epoch FROM expires_at)::float8, 'Infinity'),
	coalesce(left(reason::text, 500), ''), coalesce(left(updated_by::text, 200), ''),
	coalesce(extract(epoch FROM updated_at)::float8, 'Infinity')
FROM %s ORDER BY 1, 2 LIMIT %d`

// Overrides reads the table of runtime overrides: up to MaxRows rows, and one more if there are more. Rows are returned as they
// are and may be invalid; a NULL rate is NaN. An error is a *ReadError.
func (db *DB) Overrides(ctx context.Context, table Table) ([]rate.Override, error) {
	sql := fmt.Sprintf(overridesSQL, MaxNameBytes, table, MaxRows+1)
	return read(ctx, db, sql, func(row pgx.CollectableRow) (rate.Override, error) {
		o := rate.Override{Source: rate.RuntimeOverride}
		var expires, updated float64
		err := row.Scan(&o.Key, (*string)(&o.Signal), &o.Probability, &expires, &o.Reason, &o.UpdatedBy, &updated)
		o.Until, o.UpdatedAt = timeOf(expires), timeOf(updated)
		o.Reason, o.UpdatedBy = valid(o.Reason), valid(o.UpdatedBy)
		return o, err
	}, overridesOrigin)
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
