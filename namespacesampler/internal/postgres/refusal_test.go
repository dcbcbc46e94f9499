// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inEachMode returns a DSN with each mode of execution, by its name.
func inEachMode(dsn string) map[string]string {
	modes := map[string]string{"default": dsn}
	for _, mode := range []string{"exec", "describe_exec", "cache_describe", "cache_statement", "simple_protocol"} {
		modes[mode] = dsn + "&default_query_exec_mode=" + mode
	}
	return modes
}

// roleScript makes a role that may read the tables that are made after it.
const roleScript = `
	DO $$ BEGIN CREATE ROLE refused LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
	ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO refused;`

// TestARefusedLookupDoesNotAffectOthers: it rests alone, is said once, and comes back once it works.
func TestARefusedLookupDoesNotAffectOthers(t *testing.T) {
	const right = `SELECT id, ns FROM missing WHERE id = ANY($1)`
	create := `CREATE TABLE missing (id text, ns text); INSERT INTO missing VALUES ('1', 'one');`
	for name, test := range map[string]struct{ setup, query, repair string }{
		"a missing table": {"", right, create},
		"no permission": {
			create + `REVOKE ALL ON missing FROM refused`, right, `GRANT SELECT ON missing TO refused`,
		},
		"a missing column": {
			`CREATE TABLE missing (id text)`, right, `DROP TABLE missing;` + create,
		},
		"a missing function": {
			create, `SELECT id, lookup_ns(ns) FROM missing WHERE id = ANY($1)`,
			`CREATE FUNCTION lookup_ns(text) RETURNS text LANGUAGE sql AS 'SELECT $1'`,
		},
		"one column": {
			`CREATE VIEW missing AS SELECT '1'::text AS id`, `SELECT * FROM missing WHERE id = ANY($1)`,
			`CREATE OR REPLACE VIEW missing AS SELECT '1'::text AS id, 'one'::text AS ns`,
		},
		"four columns": {
			`CREATE VIEW missing AS SELECT '1'::text AS id, 'one'::text AS ns, 3 AS x, 4 AS y`, `SELECT * FROM missing WHERE id = ANY($1)`,
			`DROP VIEW missing; CREATE VIEW missing AS SELECT '1'::text AS id, 'one'::text AS ns`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := cluster.NewDatabase(t, roleScript+ordersScript+test.setup)
			asRefused, err := url.Parse(dsn)
			require.NoError(t, err)
			asRefused.User = url.User("refused")
			for mode, dsn := range inEachMode(asRefused.String()) {
				if mode != "default" && name != "a missing table" { // one case in all modes shows enough of them
					continue
				}
				t.Run(mode, func(t *testing.T) {
					f := openLayout(t, dsn, Custom([]CustomLookup{
						{"order", byOrder}, {"refused", test.query}, {"again", byOrder + ` LIMIT 1000`},
					}))
					asks := []ask{{"again", "2", "two"}, {"order", "1", "one"}, {"refused", "1", unavailable}}
					f.check(asks...)
					f.check(asks...)
					messages := f.messages()
					require.Len(t, messages, 1, "said once")
					assert.Contains(t, messages[0], "warn refused: Postgres refuses the lookup")

					f.advance(cooldown)
					f.check(asks...)
					assert.Empty(t, f.messages(), "refused again: nothing new")
				})
			}

			f := openLayout(t, asRefused.String(), Custom([]CustomLookup{{"order", byOrder}, {"refused", test.query}}))
			f.check(ask{"refused", "1", unavailable}, ask{"order", "1", "one"})
			exec(t, dsn, test.repair)
			assert.Equal(t, 1, f.check(ask{"refused", "1", unavailable}, ask{"order", "1", "one"}), "it still rests")
			f.advance(cooldown - 1e9)
			f.check(ask{"refused", "1", unavailable})
			f.advance(1e9)
			assert.Equal(t, 1, f.check(ask{"refused", "1", "one"}, ask{"order", "1", "one"}))
			messages := f.messages()
			require.Len(t, messages, 2)
			assert.Equal(t, "info refused: the lookup works again", messages[1])
		})
	}
}

// TestAQueryWithoutAParameterDoesNotAffectOthers: each mode tells it by an error of its own.
func TestAQueryWithoutAParameterDoesNotAffectOthers(t *testing.T) {
	dsn := cluster.NewDatabase(t, ordersScript)
	for query, sql := range map[string]string{
		"no parameter":   `SELECT id, ns FROM orders`,
		"two parameters": `SELECT id, ns FROM orders WHERE id = ANY($1) OR id = $2`,
		"no SQL":         `SELEKT`,
		"two statements": byOrder + `; ` + byOrder,
	} {
		for mode, dsn := range inEachMode(dsn) {
			if query == "two statements" && mode == "simple_protocol" {
				continue // which cannot tell them from one
			}
			t.Run(query+"/"+mode, func(t *testing.T) {
				f := openLayout(t, dsn, Custom([]CustomLookup{{"wrong", sql}, {"order", byOrder}}))
				f.check(ask{"wrong", "1", unavailable}, ask{"order", "1", "one"})
				require.Len(t, f.messages(), 1)
				assert.Equal(t, 1, f.check(ask{"wrong", "1", unavailable}, ask{"order", "1", "one"}))
			})
		}
	}
}

func TestAQueryMayEndWithASemicolonOrComment(t *testing.T) {
	for mode, dsn := range inEachMode(cluster.NewDatabase(t, ordersScript)) {
		t.Run(mode, func(t *testing.T) {
			f := openLayout(t, dsn, Custom([]CustomLookup{{"script", byOrder + ";\n"}, {"comment", byOrder + " -- all"}}))
			f.check(ask{"script", "1", "one"}, ask{"comment", "2", "two"})
		})
	}
}
