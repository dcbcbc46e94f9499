// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusedRows are rows that no collector could apply, with the name of the constraint that refuses them where they are typed.
var refusedRows = map[string]string{
	`('umbrella', 'all', 100)`:   "sample_rate_is_between_0_and_1",
	`('umbrella', 'all', -0.1)`:  "sample_rate_is_between_0_and_1",
	`('umbrella', 'all', 'NaN')`: "sample_rate_is_between_0_and_1",
	`('umbrella', 'spans', 1)`:   "signal_is_all_traces_metrics_or_logs",
	`('umbrella', '', 1)`:        "signal_is_all_traces_metrics_or_logs",
	`('umbrella', NULL, 1)`:      "",
	`('umbrella', 'all', NULL)`:  "",
	`(NULL, 'all', 1)`:           "",
}

func requireChecks(t *testing.T, dsn string) {
	t.Helper()
	conn := connect(t, dsn)
	for row, constraint := range refusedRows {
		_, err := conn.Exec(t.Context(), `INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate) VALUES `+row)
		var refused *pgconn.PgError
		require.ErrorAs(t, err, &refused, row)
		assert.Equal(t, constraint, refused.ConstraintName, row)
	}
	_, err := conn.Exec(t.Context(), `INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate)
		VALUES ('a', 'all', 0), ('a', 'traces', 1), ('a', 'metrics', 0.5), ('a', 'logs', 0.5), ('', 'all', 1)`)
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
			assert.Len(t, got, 6)
			assert.Equal(t, "kept", got[5].Key)
			assert.InDelta(t, 0.25, got[5].Probability, 0)
			assert.False(t, got[5].UpdatedAt.IsZero())
		})
	}
}

// Rows that are there already are not changed, and do not keep the script from refusing others.
func TestTheScriptWarnsOfRowsThatItCannotCheck(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE TABLE namespace_sampling_overrides (namespace text, signal text, sample_rate double precision,
			expires_at timestamp);
		INSERT INTO namespace_sampling_overrides VALUES ('percent', 'all', 50), ('twice', 'all', 1), ('twice', 'all', 0.5), (NULL, 'all', 1), ('x', 'y', 1)`)
	warnings := warningsOf(t, dsn, overridesScript(t))
	require.Len(t, warnings, 5)
	for i, want := range []string{
		"sample_rate_is_between_0_and_1", "signal_is_all_traces_metrics_or_logs", `"namespace"`, "the same namespace and signal",
		"ALTER TABLE public.namespace_sampling_overrides ALTER COLUMN expires_at TYPE timestamptz",
	} {
		assert.Contains(t, warnings[i], want)
	}
	_, err := connect(t, dsn).Exec(t.Context(), `INSERT INTO namespace_sampling_overrides VALUES ('umbrella', 'all', 100)`)
	require.ErrorContains(t, err, "sample_rate_is_between_0_and_1")
	var rows int
	require.NoError(t, connect(t, dsn).QueryRow(t.Context(), `SELECT count(*) FROM namespace_sampling_overrides`).Scan(&rows))
	assert.Equal(t, 5, rows)

	exec(t, dsn, `DELETE FROM namespace_sampling_overrides;
		ALTER TABLE public.namespace_sampling_overrides ALTER COLUMN expires_at TYPE timestamptz USING expires_at::timestamp AT TIME ZONE 'UTC'`)
	assert.Empty(t, warningsOf(t, dsn, overridesScript(t)))
	requireChecks(t, dsn)
}

// warningsOf executes a script and returns what it warns of.
func warningsOf(t *testing.T, dsn, script string) (warnings []string) {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.Severity == "WARNING" {
			warnings = append(warnings, n.Message)
		}
	}
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	_, err = conn.Exec(t.Context(), script, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	return warnings
}
