// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

const tooLong = "the query returns a namespace that is too long, so that the key counts as unknown; further ones are only counted"

// TestANamespaceThatIsTooLongCountsAsUnknown: a row of 1 MB would otherwise be written to each span that carries its key.
func TestANamespaceThatIsTooLongCountsAsUnknown(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE TABLE orders (id text, ns text, padded char(2000));
		INSERT INTO orders (id, ns) VALUES ('longest', repeat('x', 1024)), ('longest é', repeat('é', 512)), ('too long', repeat('x', 1025)),
			('too long é', repeat('é', 513)), ('huge', repeat('x', 1000000)), ('twice', repeat('x', 1000000)), ('twice', 'second');
		INSERT INTO orders VALUES ('padded', 'x', 'short')`)
	for mode, dsn := range inEachMode(dsn) {
		t.Run(mode, func(t *testing.T) {
			f := openLayout(t, dsn, Custom([]CustomLookup{
				{"order", `SELECT id, ns FROM orders WHERE id = ANY($1)`}, {"padded", `SELECT id, padded FROM orders WHERE id = ANY($1)`},
			}))
			for range 2 {
				assert.Equal(t, 1, f.check(
					ask{"order", "longest", strings.Repeat("x", 1024)}, ask{"order", "longest é", strings.Repeat("é", 512)},
					ask{"order", "too long", unknown}, ask{"order", "too long é", unknown}, ask{"order", "huge", unknown},
					ask{"order", "twice", "second"}, ask{"padded", "padded", "short"},
				))
			}
			logged := f.logs.All()
			require.Len(t, logged, 1, "it is logged once")
			assert.Equal(t, tooLong, logged[0].Message)
			assert.Equal(t, map[string]any{"lookup": "order", "at_least_bytes": int64(1025), "max_bytes": int64(1024)}, logged[0].ContextMap())
			assert.Equal(t, int64(8), f.long.Load(), "each is counted")
			assert.Zero(t, f.unreadable.Load())
		})
	}
}

func TestALayoutDoesNotSendTheRestOfANameThatIsTooLong(t *testing.T) {
	dsn := cluster.NewDatabase(t, taskerdb.Tasker, `ALTER TABLE tasker.task_namespaces ALTER COLUMN name TYPE text`)
	require.NoError(t, taskerdb.Insert(t.Context(), connect(t, dsn), taskerdb.LayoutTasker,
		taskerdb.Task{UUID: id(1), Namespace: "huge", CorrelationID: id(2), Steps: []string{id(3)}}))
	exec(t, dsn, `UPDATE tasker.task_namespaces SET name = repeat('x', 100000)`)
	f := openLayout(t, dsn, Tasker(true))
	f.check(ask{"task_uuid", id(1), unknown}, ask{"step_uuid", id(3), unknown}, ask{"correlation_id", id(2), unknown})
	logged := f.logs.FilterMessage(tooLong).All()
	require.Len(t, logged, 3, "once for each lookup")
	for _, entry := range logged {
		assert.Equal(t, int64(rate.MaxNameBytes+1), entry.ContextMap()["at_least_bytes"], "it is cut")
	}
}

func TestRegisteredNamesThatAreTooLongAreLeftOut(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE TABLE tenants (slug text);
		INSERT INTO tenants VALUES ('acme'), (repeat('x', 1024)), (repeat('x', 1025)), (repeat('é', 513)), (repeat('x', 1000000))`)
	for mode, dsn := range inEachMode(dsn) {
		t.Run(mode, func(t *testing.T) {
			f := openLayout(t, dsn, Layout{})
			for range 2 {
				names, err := f.Registered(t.Context(), QueryRegistry("TABLE tenants"))
				require.NoError(t, err)
				assert.Equal(t, []string{"acme", strings.Repeat("x", 1024)}, names)
			}
			logged := f.logs.All()
			require.Len(t, logged, 1, "it is logged once")
			assert.Equal(t, "registered names that are too long are left out", logged[0].Message)
			assert.Equal(t, map[string]any{"max_bytes": int64(1024), "names": int64(2)}, logged[0].ContextMap(), "the two of x are cut alike")
			assert.Equal(t, int64(2), f.long.Load(), "not once for each read")
		})
	}
}
