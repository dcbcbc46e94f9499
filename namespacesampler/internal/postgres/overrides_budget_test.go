// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// budgetCells are budgets in columns of other types, and what is read; NaN if it is no number.
var budgetCells = []struct {
	typ, text string
	want      float64
}{
	{"double precision", "200", 200},
	{"double precision", "0.1", 0.1},
	{"double precision", "NaN", math.NaN()},
	{"double precision", "Infinity", math.Inf(1)},
	{"numeric", "0.25", 0.25},
	{"integer", "-1", -1},
	{"text", " 2e2 ", 200},
	{"text", "1e999", math.Inf(1)},
	{"char(10)", "200", 200},
}

func TestBudgetsOfAnyType(t *testing.T) {
	for _, c := range budgetCells {
		for kind, create := range map[string]string{
			"table": `CREATE TABLE overrides AS SELECT * FROM rows`,
			"view":  `CREATE VIEW overrides AS SELECT * FROM rows`,
		} {
			dsn := cluster.NewDatabase(t, `CREATE TABLE rows (namespace text, signal text DEFAULT 'traces', sample_rate numeric, items_per_second `+c.typ+`,
				expires_at timestamptz, reason text, updated_by text, updated_at timestamptz);
				INSERT INTO rows (namespace, sample_rate, items_per_second) VALUES ('a', NULL, '`+c.text+`'), ('rate', 0.5, NULL)`, create)
			rows := openLayout(t, dsn, Layout{}).byKey("overrides")
			require.NoError(t, rows["a"].NumberError, c.text)
			assert.True(t, rows["a"].HasBudget && rows["a"].LacksRate)
			assert.Equal(t, math.IsNaN(c.want), math.IsNaN(rows["a"].ItemsPerSecond), "%s %s", kind, c.typ)
			assert.True(t, c.want == rows["a"].ItemsPerSecond || math.IsNaN(c.want), "%s %s %s", kind, c.typ, c.text)
			assert.False(t, rows["rate"].HasBudget || rows["rate"].LacksRate)
			assert.Zero(t, rows["rate"].ItemsPerSecond)
		}
	}
}

func TestABudgetThatIsNoNumberDoesNotFailTheRead(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE TABLE overrides (namespace text, signal text DEFAULT 'traces', sample_rate text, items_per_second text,
			expires_at timestamptz, reason text, updated_by text, updated_at text);
		INSERT INTO overrides (namespace, sample_rate, items_per_second) VALUES ('fine', NULL, '200'), ('word', NULL, 'many'), ('empty', NULL, ''),
			('hex', NULL, '0x10'), ('groups', NULL, '1_000'), ('small', NULL, '1e-400'), ('huge', NULL, repeat('9', 1000000)), ('both', 'abc', 'many')`)
	for mode, dsn := range inEachMode(dsn) {
		t.Run(mode, func(t *testing.T) {
			rows := openLayout(t, dsn, Layout{}).byKey("overrides")
			require.Len(t, rows, 8)
			require.NoError(t, rows["fine"].NumberError)
			assert.InDelta(t, 200, rows["fine"].ItemsPerSecond, 0)
			for key, text := range map[string]string{
				"word": `"many"`, "empty": `""`, "hex": `"0x10"`, "groups": `"1_000"`, "small": `"1e-400"`, "huge": `"` + strings.Repeat("9", 40) + `..."`,
			} {
				require.EqualError(t, rows[key].NumberError, "items_per_second must be a number above 0, got "+text)
			}
			assert.True(t, rows["both"].HasBudget)
			assert.False(t, rows["both"].LacksRate)
		})
	}
}

// Tables and views that were made for rates alone have no such column. A role may read only the columns that are needed.
func TestATableWithoutBudgetsIsReadAsBefore(t *testing.T) {
	const old = `CREATE TABLE old (namespace text, signal text, sample_rate double precision, expires_at timestamptz, reason text, updated_by text,
		updated_at timestamptz, secret text); INSERT INTO old VALUES ('a', 'all', 0.5); CREATE VIEW overrides AS SELECT * FROM old;
		DO $$ BEGIN CREATE ROLE reads_columns LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$;
		GRANT SELECT (namespace, signal, sample_rate, expires_at, reason, updated_by, updated_at) ON old, overrides TO reads_columns`
	dsn := cluster.NewDatabase(t, old)
	for _, dsn := range []string{dsn, asRole(t, dsn, "reads_columns")} {
		for mode, dsn := range inEachMode(dsn) {
			for _, name := range []string{"old", "overrides"} {
				t.Run(mode+" "+name, func(t *testing.T) {
					row := openLayout(t, dsn, Layout{}).byKey(name)["a"]
					assert.InDelta(t, 0.5, row.Probability, 0)
					assert.False(t, row.HasBudget || row.LacksRate)
				})
			}
		}
	}
}
