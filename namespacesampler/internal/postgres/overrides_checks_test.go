// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"os"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusedRows are rows that no collector could apply, with the name of the constraint that refuses them where they are typed.
var refusedRows = map[string]string{
	`('umbrella', 'all', 100, NULL)`:            "sample_rate_is_between_0_and_1",
	`('umbrella', 'all', -0.1, NULL)`:           "sample_rate_is_between_0_and_1",
	`('umbrella', 'all', 'NaN', NULL)`:          "sample_rate_is_between_0_and_1",
	`('umbrella', 'spans', 1, NULL)`:            "signal_is_all_traces_metrics_or_logs",
	`('umbrella', '', 1, NULL)`:                 "signal_is_all_traces_metrics_or_logs",
	`('umbrella', 'all', NULL, NULL)`:           "either_sample_rate_or_items_per_second",
	`('umbrella', 'traces', 1, 200)`:            "either_sample_rate_or_items_per_second",
	`('umbrella', 'traces', NULL, 0)`:           "items_per_second_is_above_0",
	`('umbrella', 'traces', NULL, -1)`:          "items_per_second_is_above_0",
	`('umbrella', 'traces', NULL, 'NaN')`:       "items_per_second_is_above_0",
	`('umbrella', 'traces', NULL, 'Infinity')`:  "items_per_second_is_above_0",
	`('umbrella', 'traces', NULL, '-Infinity')`: "items_per_second_is_above_0",
	`('umbrella', 'all', NULL, 200)`:            "items_per_second_is_for_traces_or_logs",
	`('umbrella', 'metrics', NULL, 200)`:        "items_per_second_is_for_traces_or_logs",
}

// nullRows are refused too, by a NOT NULL, or by a constraint if rows that are there prevent that.
var nullRows = []string{`('umbrella', NULL, 1, NULL)`, `(NULL, 'all', 1, NULL)`}

func requireRefused(t *testing.T, dsn string) {
	t.Helper()
	conn := connect(t, dsn)
	refuse := func(row string) *pgconn.PgError {
		_, err := conn.Exec(t.Context(), `INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate, items_per_second) VALUES `+row)
		var refused *pgconn.PgError
		require.ErrorAs(t, err, &refused, row)
		return refused
	}
	for row, constraint := range refusedRows {
		assert.Equal(t, constraint, refuse(row).ConstraintName, row)
	}
	for _, row := range nullRows {
		assert.Contains(t, []string{"23502", "23514"}, refuse(row).Code, row)
	}
}

func requireChecks(t *testing.T, dsn string) {
	t.Helper()
	requireRefused(t, dsn)
	_, err := connect(t, dsn).Exec(t.Context(), `INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate, items_per_second)
		VALUES ('a', 'all', 0, NULL), ('a', 'traces', 1, NULL), ('a', 'metrics', 0.5, NULL), ('a', 'logs', 0.5, NULL), ('', 'all', 1, NULL),
			('b', 'traces', NULL, 200), ('b', 'logs', NULL, 0.1)`)
	require.NoError(t, err)
}

func TestTheTableOfOverridesRefusesWhatNoCollectorCouldApply(t *testing.T) {
	requireChecks(t, cluster.NewDatabase(t, overridesScript(t)))
}

// Tables of earlier versions, and some that were made by hand.
func TestTheScriptBringsAnOlderTableUpToDate(t *testing.T) {
	for name, older := range map[string]string{
		"without checks": `CREATE TABLE namespace_sampling_overrides (namespace text NOT NULL, signal text NOT NULL DEFAULT 'all',
			sample_rate double precision NOT NULL, expires_at timestamptz, reason text, updated_by text,
			updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (namespace, signal))`,
		"the least that can be": `CREATE TABLE namespace_sampling_overrides (namespace text, sample_rate double precision)`,
	} {
		t.Run(name, func(t *testing.T) {
			dsn := cluster.NewDatabase(t, older, `INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('kept', 0.25)`)
			assert.Empty(t, warningsOf(t, dsn, overridesScript(t)))
			assert.Empty(t, warningsOf(t, dsn, overridesScript(t)), "again")
			requireChecks(t, dsn)
			_, err := connect(t, dsn).Exec(t.Context(), `INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('kept', 1)`)
			require.ErrorContains(t, err, "23505", "it has a primary key")
			got, err := openLayout(t, dsn, Layout{}).Overrides(t.Context(), table(t, "namespace_sampling_overrides"))
			require.NoError(t, err)
			require.Len(t, got, 8)
			assert.Equal(t, "kept", got[7].Key)
			assert.InDelta(t, 0.25, got[7].Probability, 0)
			assert.False(t, got[7].HasBudget)
			assert.False(t, got[7].UpdatedAt.IsZero())
		})
	}
}

// Rows that are there already are not changed, and do not keep the script from refusing others.
func TestTheScriptWarnsOfRowsThatItCannotCheck(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE TABLE namespace_sampling_overrides (namespace text, signal text, sample_rate double precision,
			expires_at timestamp);
		INSERT INTO namespace_sampling_overrides VALUES ('percent', 'all', 50), ('twice', 'all', 1), ('twice', 'all', 0.5), (NULL, 'all', 1), ('x', 'y', 1), ('z', NULL, NULL)`)
	warnings := warningsOf(t, dsn, overridesScript(t))
	require.Len(t, warnings, 8)
	for i, want := range []string{
		"sample_rate_is_between_0_and_1", "either_sample_rate_or_items_per_second", "signal_is_all_traces_metrics_or_logs", "namespace_is_not_null",
		`"namespace"`, `"signal"`,
		"the same namespace and signal",
		"ALTER TABLE public.namespace_sampling_overrides ALTER COLUMN expires_at TYPE timestamptz",
	} {
		assert.Contains(t, warnings[i], want)
	}
	requireRefused(t, dsn)
	var rows int
	require.NoError(t, connect(t, dsn).QueryRow(t.Context(), `SELECT count(*) FROM namespace_sampling_overrides`).Scan(&rows))
	assert.Equal(t, 6, rows)

	exec(t, dsn, `DELETE FROM namespace_sampling_overrides;
		ALTER TABLE public.namespace_sampling_overrides ALTER COLUMN expires_at TYPE timestamptz USING expires_at::timestamp AT TIME ZONE 'UTC'`)
	assert.Empty(t, warningsOf(t, dsn, overridesScript(t)))
	requireChecks(t, dsn)
}

// A table whose primary key is another column gets the key that ON CONFLICT needs, and times may be in a domain.
func TestTheScriptLeavesWhatIsAsGood(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE DOMAIN instant AS timestamptz;
		CREATE TABLE namespace_sampling_overrides (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), namespace varchar, sample_rate numeric, expires_at instant)`)
	for range 2 {
		assert.Empty(t, warningsOf(t, dsn, overridesScript(t)))
		exec(t, dsn, incident(t))
	}
	_, err := connect(t, dsn).Exec(t.Context(), `INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('payments', 1)`)
	require.ErrorContains(t, err, "23505")
	requireChecks(t, dsn)
	var keys int
	require.NoError(t, connect(t, dsn).QueryRow(t.Context(), `SELECT count(*) FROM pg_constraint
		WHERE conrelid = 'namespace_sampling_overrides'::regclass AND contype IN ('p', 'u')`).Scan(&keys))
	assert.Equal(t, 2, keys, "running it again adds no other")
}

// The script is one transaction: where it fails, nothing of it is left.
func TestTheScriptDoesAllOrNothing(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE TABLE namespace_sampling_overrides (name text)`)
	_, err := connect(t, dsn).Exec(t.Context(), overridesScript(t), pgx.QueryExecModeSimpleProtocol)
	require.ErrorContains(t, err, "does not exist")
	var columns int
	require.NoError(t, connect(t, dsn).QueryRow(t.Context(), `SELECT count(*) FROM information_schema.columns
		WHERE table_name = 'namespace_sampling_overrides'`).Scan(&columns))
	assert.Equal(t, 1, columns)
}

// The examples of the documentation, as they stand there.
func TestTheDocumentationOfOverrides(t *testing.T) {
	text, err := os.ReadFile("../../../docs/overrides.md")
	require.NoError(t, err)
	found := func(expression string) string {
		match := regexp.MustCompile(expression).FindSubmatch(text)
		require.NotNil(t, match, expression)
		return string(match[1])
	}
	dsn := cluster.NewDatabase(t, overridesScript(t), found("(?s)```sql\n(INSERT .*?)```"),
		found("(?s)```sql\n(INSERT INTO namespace_sampling_overrides \\(namespace, signal, items_per_second.*?)```"), found("(?s)```sql\n(DELETE .*?)```"),
		`ALTER TABLE namespace_sampling_overrides ALTER COLUMN expires_at TYPE timestamp`, found("(?s)```sql\n(ALTER TABLE .*?)```"))
	_, err = openLayout(t, dsn, Layout{}).Overrides(t.Context(), table(t, "namespace_sampling_overrides"))
	require.NoError(t, err)
	_, err = connect(t, dsn).Exec(t.Context(), found(`=> (INSERT .*)`))
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, found(`ERROR: +(.*)`), refused.Message)
}

// warningsOf executes a script and returns what the server says of it.
func warningsOf(t *testing.T, dsn, script string) (warnings []string) {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		warnings = append(warnings, n.Message)
	}
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	_, err = conn.Exec(t.Context(), script, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	return warnings
}
