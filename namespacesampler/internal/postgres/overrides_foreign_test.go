// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// byKey reads a table of overrides and returns its rows by namespace.
func (f *fixture) byKey(name string) map[string]OverrideRow {
	f.t.Helper()
	rows, err := f.Overrides(f.t.Context(), table(f.t, name))
	require.NoError(f.t, err)
	found := map[string]OverrideRow{}
	for _, row := range rows {
		found[row.Key] = row
	}
	return found
}

func TestARowThatDoesNotCastDoesNotFailTheRead(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE TABLE overrides (namespace text, signal text, sample_rate text, expires_at timestamptz,
			reason text, updated_by text, updated_at text);
		INSERT INTO overrides (namespace, signal, sample_rate, updated_at) VALUES
			('fine', 'all', '0.25', '2026-01-01 09:00:00+00'), ('spaces', 'all', ' 1e-1 ', 'yesterday'), ('word', 'all', 'abc', NULL),
			('percent', 'all', '50%', NULL), ('comma', 'all', '0,5', NULL), ('empty', 'all', '', ''), ('null', 'all', NULL, NULL),
			('nan', 'all', 'NaN', NULL), ('large', 'all', '1e999', NULL), ('long', 'all', '0.5' || repeat('0', 300), NULL),
			('huge', 'all', repeat('x', 1000000), repeat('x', 1000000))`)
	for mode, dsn := range inEachMode(dsn) {
		t.Run(mode, func(t *testing.T) {
			rows := openLayout(t, dsn, Layout{}).byKey("overrides")
			require.Len(t, rows, 11)
			for key, want := range map[string]float64{"fine": 0.25, "spaces": 0.1, "large": math.Inf(1)} {
				assert.Equal(t, want, rows[key].Probability, key)
				require.NoError(t, rows[key].NumberError, key)
			}
			for _, key := range []string{"null", "nan"} {
				assert.True(t, math.IsNaN(rows[key].Probability), key)
				require.NoError(t, rows[key].NumberError, key)
			}
			for key, text := range map[string]string{
				"word": `"abc"`, "percent": `"50%"`, "comma": `"0,5"`, "empty": `""`, "long": `"0.5` + strings.Repeat("0", 37) + `..."`,
				"huge": `"` + strings.Repeat("x", 40) + `..."`,
			} {
				assert.True(t, math.IsNaN(rows[key].Probability), key)
				require.EqualError(t, rows[key].NumberError, "sample_rate must be a number between 0 and 1, got "+text, key)
			}
			assert.Equal(t, time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC), rows["fine"].UpdatedAt)
			assert.True(t, rows["spaces"].UpdatedAt.IsZero())
		})
	}
}

// cell is a value of a column of another type, and what is read.
type cell[T any] struct {
	typ, text string
	want      T
}

// overridesTables returns a database with a table of overrides for each cell, in a column.
func overridesTables[T any](t *testing.T, column string, cells []cell[T]) (dsn string) {
	var script strings.Builder
	for i, c := range cells {
		types := map[string]string{"sample_rate": "numeric", "updated_at": "timestamptz"}
		types[column] = c.typ
		fmt.Fprintf(&script, `CREATE TABLE overrides_%d (namespace text, signal text DEFAULT 'all', sample_rate %s, expires_at timestamptz,
			reason text, updated_by text, updated_at %s);
			INSERT INTO overrides_%d (namespace, %s) VALUES ('a', '%s');`, i, types["sample_rate"], types["updated_at"], i, column, c.text)
	}
	return cluster.NewDatabase(t, script.String())
}

func TestRatesOfAnyType(t *testing.T) {
	cells := []cell[float64]{
		{"real", "0.5", 0.5},
		{"double precision", "0.1", 0.1},
		{"double precision", "1e-300", 1e-300},
		{"numeric", "0.25", 0.25},
		{"double precision", "0.30000000000000004", 0.30000000000000004},
		{"integer", "1", 1},
		{"char(10)", "0.5", 0.5},
		{"boolean", "true", math.NaN()},
	}
	f := openLayout(t, overridesTables(t, "sample_rate", cells), Layout{})
	for i, c := range cells {
		got := f.byKey(fmt.Sprint("overrides_", i))["a"]
		if math.IsNaN(c.want) {
			require.ErrorContains(t, got.NumberError, "must be a number", c.typ)
			continue
		}
		require.NoError(t, got.NumberError, c.typ)
		assert.True(t, c.want == got.Probability, "%s %s", c.typ, c.text)
	}
}

// A time of change is the same whatever the settings of the session, and never fails the read.
func TestTimesOfChangeOfAnyType(t *testing.T) {
	nine := time.Date(2026, 1, 1, 9, 0, 0, 123456000, time.UTC)
	cells := []cell[time.Time]{
		{"timestamptz", "2026-01-01 09:00:00.123456+00", nine},
		{"timestamptz", "2026-01-01 14:30:00.123456+05:30", nine},
		{"timestamptz", "infinity", time.Time{}},
		{"timestamptz", "-infinity", time.Time{}},
		{"timestamptz", "0044-03-15 00:00+00 BC", time.Time{}},
		{"timestamptz", "12026-01-01 00:00:00+00", time.Time{}},
		{"timestamp", "2026-01-01 09:00:00.123456", nine},
		{"timestamp", "infinity", time.Time{}},
		{"date", "2026-01-01", nine.Truncate(24 * time.Hour)},
		{"date", "infinity", time.Time{}},
		{"text", "2026-01-01T09:00:00.123456Z", nine},
		{"text", "2026-01-01 09:00:00.123456+00", nine},
		{"text", "yesterday", time.Time{}},
		{"text", `"\`, time.Time{}},
		{"bigint", "7", time.Time{}},
		{"json", `{"a": 1}`, time.Time{}},
		{"json", "null", time.Time{}},
	}
	dsn := overridesTables(t, "updated_at", cells)
	for _, parameters := range []string{"", "&TimeZone=UTC&DateStyle=German", "&TimeZone=Asia/Kolkata&DateStyle=SQL,DMY"} {
		f := openLayout(t, dsn+parameters, Layout{})
		for i, c := range cells {
			assert.Equal(t, c.want, f.byKey(fmt.Sprint("overrides_", i))["a"].UpdatedAt, "%s %s %s", c.typ, c.text, parameters)
		}
	}
}

// manyOverrides are many more rows than are read.
const manyOverrides = `SELECT 'ns-' || lpad(n::text, 8, '0') AS namespace, 'all' AS signal, 0.5 AS sample_rate FROM generate_series(1, 200000) n`

// TestALargeTableIsReadInTheOrderOfItsIndex: only up to the bound. A sort would have to read all of it.
func TestALargeTableIsReadInTheOrderOfItsIndex(t *testing.T) {
	dsn := cluster.NewDatabase(t, overridesScript(t),
		`INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate) `+manyOverrides+`; ANALYZE namespace_sampling_overrides`)
	f := openLayout(t, dsn, Layout{})
	rows, err := connect(t, dsn).Query(t.Context(), "EXPLAIN "+overridesStatement(table(t, "namespace_sampling_overrides")))
	require.NoError(t, err)
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	assert.Contains(t, strings.Join(plan, "\n"), "Index Scan using namespace_sampling_overrides_pkey")
	assert.NotContains(t, strings.Join(plan, "\n"), "Sort")
	assertFirst(t, f, "namespace_sampling_overrides")
}

func TestALargeViewWithoutAnIndexIsReadUpToTheBound(t *testing.T) {
	f := openLayout(t, cluster.NewDatabase(t, `CREATE VIEW overrides AS SELECT *, NULL::timestamptz AS expires_at, NULL AS reason,
		NULL AS updated_by, NULL AS updated_at FROM (`+manyOverrides+` ORDER BY n DESC) many`), Layout{})
	assertFirst(t, f, "overrides")
}

func assertFirst(t *testing.T, f *fixture, name string) {
	t.Helper()
	got, err := f.Overrides(t.Context(), table(t, name))
	require.NoError(t, err)
	require.Len(t, got, MaxRows+1)
	for i, row := range got {
		require.Equal(t, fmt.Sprintf("ns-%08d", i+1), row.Key)
	}
}

func TestANameThatIsTooLongIsCutAndStaysTooLong(t *testing.T) {
	f := openLayout(t, cluster.NewDatabase(t, overridesScript(t), `INSERT INTO namespace_sampling_overrides (namespace, sample_rate)
		VALUES (repeat('x', 2000), 1), (repeat('é', 512), 1), (repeat('é', 513), 1)`), Layout{})
	rows := f.byKey("namespace_sampling_overrides")
	for key, isTooLong := range map[string]bool{
		strings.Repeat("x", rate.MaxNameBytes+1): true, strings.Repeat("é", 512): false, strings.Repeat("é", 513): true,
	} {
		require.Contains(t, rows, key)
		assert.Equal(t, isTooLong, len(key) > rate.MaxNameBytes)
	}
}
