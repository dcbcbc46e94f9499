// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"os/exec"
	"path/filepath"

	"github.com/jackc/pgx/v5"
)

// guide says what to look at, and what to do.
type guide struct {
	page string // its URL
	log  string // the collector's log
	psql string // command that connects to the database
}

// statement is SQL to paste, and what one sees then.
type statement struct{ effect, sql string }

// statements are in the order in which one pastes them.
var statements = []statement{
	{
		"Keep all of shipping for 5 minutes: a rate of 100 %, the reason, the author, and the time that is left.",
		`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at, reason, updated_by)
  VALUES ('shipping', 1, now() + interval '5 minutes', 'incident 7', 'alice')
  ON CONFLICT (namespace, signal) DO UPDATE SET sample_rate = 1, items_per_second = NULL,
    expires_at = EXCLUDED.expires_at, reason = EXCLUDED.reason, updated_by = EXCLUDED.updated_by, updated_at = now();`,
	},
	{
		"A pattern: half of identity, integrations and inventory, until the row is deleted.",
		`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, reason, updated_by)
  VALUES ('i*', 0.5, 'a closer look', 'bob') ON CONFLICT DO NOTHING;`,
	},
	{
		"A row that makes no sense. Constraints refuse it; without them it is skipped, and the page says so.",
		`ALTER TABLE namespace_sampling_overrides DROP CONSTRAINT IF EXISTS sample_rate_is_between_0_and_1;
INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('reporting', 2) ON CONFLICT DO NOTHING;`,
	},
	{
		"End all of that: the rates of the configuration apply again, and no row is skipped.",
		`DELETE FROM namespace_sampling_overrides;`,
	},
	{
		"Rename the table of tasks. The page says that Postgres refuses lookups; soon, items that need one have no namespace.",
		`ALTER TABLE tasker.tasks RENAME TO tasks_away;`,
	},
	{
		"And back. Lookups work again within seconds.",
		`ALTER TABLE tasker.tasks_away RENAME TO tasks;`,
	},
}

// explain prints the guide. Statements can be pasted with the comments between them.
func (l *Live) explain(g guide) {
	printf(l.Out, `
The page:             %s
The collector's log:  %s
To change rates, paste this into another terminal, and SQL from below into it:

  %s

`, g.page, g.log, g.psql)
	for _, s := range statements {
		printf(l.Out, "-- %s\n%s\n\n", s.effect, s.sql)
	}
	printf(l.Out, "Ctrl-C stops and removes everything.\n\n")
}

// psql returns the command that connects to the database: by its path, unless it is in PATH.
func psql(ctx context.Context, dsn string) string {
	program := "psql"
	if _, err := exec.LookPath(program); err != nil {
		program = installedPSQL(ctx, dsn)
	}
	return program + " '" + dsn + "'"
}

// installedPSQL returns the path of the psql that belongs to the server, or its name if there is none.
func installedPSQL(ctx context.Context, dsn string) string {
	const name = "psql"
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return name
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var folder string
	if err := conn.QueryRow(ctx, "SELECT setting FROM pg_config WHERE name = 'BINDIR'").Scan(&folder); err != nil {
		return name
	}
	if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
		return path
	}
	return name
}
