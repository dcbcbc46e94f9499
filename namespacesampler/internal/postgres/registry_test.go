// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

func TestRegisteredNamespacesOfLayouts(t *testing.T) {
	insert := func(table string) string {
		return `INSERT INTO ` + table + ` (task_namespace_uuid, name, created_at, updated_at)
			SELECT gen_random_uuid(), name, now(), now() FROM unnest(ARRAY['orders', 'Orders', 'äpfel', 'payments', '']) name`
	}
	for name, test := range map[string]struct {
		from   Registry
		script []string
	}{
		"tasker":        {TaskerRegistry, []string{taskerdb.Tasker, insert("tasker.task_namespaces")}},
		"tasker_legacy": {TaskerLegacyRegistry, []string{taskerdb.TaskerLegacy, insert("public.tasker_task_namespaces")}},
	} {
		t.Run(name, func(t *testing.T) {
			f := openLayout(t, cluster.NewDatabase(t, test.script...), Layout{})
			names, err := f.Registered(t.Context(), test.from)
			require.NoError(t, err)
			assert.Equal(t, []string{"Orders", "orders", "payments", "äpfel"}, names, "in byte order")
		})
	}
}

func TestRegisteredNamespacesOfAQuery(t *testing.T) {
	dsn := cluster.NewDatabase(t, `
		CREATE TABLE tenants (id bigint, slug text, code char(20), key uuid, kind varchar(10));
		INSERT INTO tenants VALUES (2, 'umbrella', 'umbrella', '019a7f3c-0000-7000-8000-000000000002', 'paying'),
			(1, 'acme', 'acme', '019a7f3c-0000-7000-8000-000000000001', 'paying'), (NULL, NULL, NULL, NULL, NULL), (3, '', '', NULL, '')`)
	for query, want := range map[string][]string{
		"SELECT slug FROM tenants":                                          {"acme", "umbrella"},
		"SELECT slug FROM tenants ORDER BY id DESC; \n":                     {"acme", "umbrella"},
		"SELECT slug FROM tenants -- those that pay":                        {"acme", "umbrella"},
		"WITH t AS (SELECT * FROM tenants) SELECT slug FROM t WHERE id = 1": {"acme"},
		"VALUES ('acme'), ('globex'), ('acme')":                             {"acme", "globex"},
		"SELECT code FROM tenants":                                          {"acme", "umbrella"}, // without the padding
		"SELECT kind FROM tenants":                                          {"paying"},
		"SELECT id FROM tenants":                                            {"1", "2", "3"},
		"SELECT key FROM tenants":                                           {id(1), id(2)},
		"SELECT '{}'::json":                                                 {"{}"},
		"SELECT slug FROM tenants WHERE false":                              {},
		fmt.Sprintf("SELECT 'n' FROM generate_series(1, %d)", 10*MaxRows):   {"n"},
	} {
		t.Run(query, func(t *testing.T) {
			for mode, dsn := range inEachMode(dsn) {
				names, err := openLayout(t, dsn, Layout{}).Registered(t.Context(), QueryRegistry(query))
				require.NoError(t, err, mode)
				assert.Equal(t, want, names, mode)
			}
		})
	}
}

func TestARefusedRegistryQueryNamesTheSetting(t *testing.T) {
	f := openLayout(t, cluster.NewDatabase(t, `CREATE TABLE tenants (id bigint, slug text)`), Layout{})
	for query, want := range map[string]string{
		"SELECT id, slug FROM tenants": "subquery must return only one column (SQLSTATE 42601): it must return one column of names",
		"SELECT slug FORM tenants":     `syntax error at or near "tenants" (SQLSTATE 42601): it must return one column of names`,
		"SELECT slug FROM customers":   `relation "customers" does not exist (SQLSTATE 42P01)`,
		"SELECT name FROM tenants":     `column "name" does not exist (SQLSTATE 42703)`,
		"TABLE tenants":                "subquery must return only one column (SQLSTATE 42601): it must return one column of names",
		fmt.Sprintf("SELECT n FROM generate_series(1, %d) n", MaxRows+1): fmt.Sprintf(
			"more than %d names: registered namespaces are read only up to that number", MaxRows),
	} {
		t.Run(query, func(t *testing.T) {
			names, err := f.Registered(t.Context(), QueryRegistry(query))
			assert.Empty(t, names)
			var refused *ReadError
			require.ErrorAs(t, err, &refused)
			assert.NotEmpty(t, refused.State, "it is no outage")
			require.EqualError(t, refused, "postgres::registry::query: "+want)
		})
	}
	_, err := openLayout(t, "postgres://127.0.0.1:1/none", Layout{}).Registered(t.Context(), QueryRegistry("SELECT 'a'"))
	require.EqualError(t, err, "failed to connect: connection refused", "an outage is not the query's")
}

// TestADatabaseWithoutTheTablesOfTheLayout: the layout is the default, so that it may not be meant.
func TestADatabaseWithoutTheTablesOfTheLayout(t *testing.T) {
	const remedy = "choose the layout of this database (tasker or tasker_legacy), or give postgres::lookups of your own, " +
		"or set postgres::layout to none"
	f := openLayout(t, cluster.NewDatabase(t), Tasker(true))
	_, err := f.Registered(t.Context(), TaskerRegistry)
	require.EqualError(t, err, `postgres::layout: relation "tasker.task_namespaces" does not exist (SQLSTATE 42P01): `+remedy)

	f.check(ask{"task_uuid", id(1), unavailable})
	refused := f.logs.FilterMessageSnippet("refuses the lookup").All()
	require.Len(t, refused, 1)
	assert.Equal(t, `postgres::layout: relation "tasker.tasks" does not exist (SQLSTATE 42P01): `+remedy, refused[0].ContextMap()["error"])

	own := openLayout(t, cluster.NewDatabase(t), Custom([]CustomLookup{{"a", "SELECT 1, $1"}, {"order", byOrder}}))
	own.check(ask{"order", "1", unavailable})
	refused = own.logs.FilterMessageSnippet("refuses the lookup").All()
	require.Len(t, refused, 1)
	assert.Equal(t, `postgres::lookups::1::query: relation "orders" does not exist (SQLSTATE 42P01)`, refused[0].ContextMap()["error"])
}
