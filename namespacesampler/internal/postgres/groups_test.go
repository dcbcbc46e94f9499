// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// groups are the groups of items with the missing value unknown.
var groups = group.NewReader(group.Config{Attributes: []string{"correlation_id"}, MissingValues: []string{"unknown"}})

// checkGroups looks keys up, each of which is an attribute and a value, and compares their groups with those of the wanted keys.
func (f *fixture) checkGroups(want map[[2]string]string) {
	f.t.Helper()
	var keys []namespace.Key
	var asked [][2]string
	for ask := range want {
		keys, asked = append(keys, f.key(ask[0], ask[1])), append(asked, ask)
	}
	answers := make([]namespace.Answer, len(keys))
	ctx, cancel := context.WithTimeout(f.t.Context(), 30*time.Second)
	defer cancel()
	roundTrips, err := f.Lookup(ctx, keys, answers)
	require.NoError(f.t, err)
	assert.Equal(f.t, 1, roundTrips)
	for i, ask := range asked {
		assert.Equal(f.t, groups.Of(want[ask]), answers[i].Group, "%v", ask)
	}
}

func TestTheGroupOfATaskIsItsCorrelationID(t *testing.T) { // G1
	for name, l := range layouts {
		t.Run(name, func(t *testing.T) {
			dsn := cluster.NewDatabase(t, l.script)
			require.NoError(t, taskerdb.Insert(t.Context(), connect(t, dsn), l.rows,
				taskerdb.Task{UUID: id(0xa1), CorrelationID: id(0xc1), Namespace: "payments", Steps: []string{id(0x51), id(0x52)}},
				taskerdb.Task{UUID: id(0xa2), CorrelationID: id(0xc1), ParentCorrelationID: id(0xc0), Namespace: "orders", Steps: []string{id(0x53)}},
				taskerdb.Task{UUID: id(0xa3), CorrelationID: id(0xc2), Namespace: "orders"},
			))
			f := openLayout(t, dsn, l.layout)
			f.groupOf = groups.Of
			f.checkGroups(map[[2]string]string{
				{"task_uuid", id(0xa1)}:                       id(0xc1),
				{"task_uuid", strings.ToUpper(id(0xa2))}:      id(0xc1),
				{"task_uuid", id(0xa3)}:                       id(0xc2),
				{"task_uuid", id(0xff)}:                       "",
				{"step_uuid", id(0x51)}:                       id(0xc1),
				{"workflow_step_uuid", id(0x53)}:              id(0xc1),
				{"correlation_id", strings.ToUpper(id(0xc1))}: id(0xc1),
				{"correlation_id", id(0xc2)}:                  id(0xc2),
				{"correlation_id", id(0xff)}:                  "",
			})
			assert.Empty(t, f.messages())
		})
	}
}

func TestTheFirstLegacySchemaHasNoGroups(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.TaskerLegacyWithoutCorrelation)
	require.NoError(t, taskerdb.Insert(t.Context(), connect(t, dsn), taskerdb.LayoutLegacyWithoutCorrelation,
		taskerdb.Task{UUID: id(0xa1), Namespace: "payments", Steps: []string{id(0x51)}}))
	f := openLayout(t, dsn, TaskerLegacy(true))
	f.groupOf = groups.Of
	f.checkGroups(map[[2]string]string{{"task_uuid", id(0xa1)}: "", {"step_uuid", id(0x51)}: ""})
	f.check(ask{"task_uuid", id(0xa1), "payments"}, ask{"step_uuid", id(0x51), "payments"})
	assert.Empty(t, f.messages())

	exec(t, dsn, fmt.Sprintf(`ALTER TABLE tasker_tasks ADD correlation_id uuid NOT NULL DEFAULT '%s', ADD parent_correlation_id uuid`, id(0xc1)))
	f.checkGroups(map[[2]string]string{{"task_uuid", id(0xa1)}: id(0xc1), {"step_uuid", id(0x51)}: id(0xc1)})
}

func TestAQueryReturnsGroupsOfAnyType(t *testing.T) { // G1
	custom := func(columns string) Layout {
		return Custom([]CustomLookup{{Attribute: "order", Query: `SELECT ` + columns + ` FROM orders WHERE key = ANY($1) ORDER BY nr`}})
	}
	dsn := cluster.NewDatabase(t, `CREATE TABLE orders (nr serial, key text, ns text, text text, number bigint, char char(8), uuid uuid);
		INSERT INTO orders (key, ns, text, number, char, uuid) VALUES
			('plain', 'payments', 'W', 42, 'w', '0199C3E0-CCDB-7581-87AB-00000000ABCD'),
			('null', 'payments', NULL, NULL, NULL, NULL),
			('empty', 'payments', '', NULL, '', NULL),
			('missing', 'payments', 'unknown', NULL, NULL, NULL),
			('long', 'payments', repeat('x', 257), NULL, NULL, NULL),
			('nameless', NULL, 'N', 7, 'n', NULL),
			('nobody', NULL, NULL, NULL, NULL, NULL),
			('two', NULL, 'first', 1, NULL, NULL), ('two', 'orders', 'second', 2, NULL, NULL), ('two', 'payments', 'third', 3, NULL, NULL),
			('late', NULL, 'first', 1, NULL, NULL), ('late', 'orders', NULL, NULL, NULL, NULL),
			('groups', NULL, NULL, NULL, NULL, NULL), ('groups', NULL, 'first', 1, NULL, NULL), ('groups', NULL, 'second', 1, NULL, NULL);`)
	f := openLayout(t, dsn, custom("key, ns, text"))
	f.groupOf = groups.Of
	f.checkGroups(map[[2]string]string{
		{"order", "plain"}: "W", {"order", "null"}: "", {"order", "empty"}: "", {"order", "missing"}: "", {"order", "long"}: "",
		{"order", "nameless"}: "N", {"order", "nobody"}: "", {"order", "two"}: "second", {"order", "late"}: "", {"order", "none"}: "",
		{"order", "groups"}: "first",
	})
	f.check(ask{"order", "plain", "payments"}, ask{"order", "null", "payments"}, ask{"order", "nameless", unknown}, ask{"order", "two", "orders"})
	for column, want := range map[string]string{"number": "42", "char": "w", "uuid": "0199c3e0-ccdb-7581-87ab-00000000abcd"} {
		f := openLayout(t, dsn, custom("key, ns, "+column))
		f.groupOf = groups.Of
		f.checkGroups(map[[2]string]string{{"order", "plain"}: want, {"order", "null"}: ""})
	}

	without := openLayout(t, dsn, custom("key, ns, text"))
	without.checkGroups(map[[2]string]string{{"order", "plain"}: ""})
	without.check(ask{"order", "plain", "payments"})
}
