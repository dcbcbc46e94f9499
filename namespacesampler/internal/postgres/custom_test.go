// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

const ordersScript = `
	CREATE TABLE orders (id text, ns text);
	INSERT INTO orders VALUES ('1', 'one'), ('2', 'two'), ('null-name', NULL), ('empty-name', ''), (NULL, 'null-key'),
		('twice', 'first'), ('twice', 'second'), ('null-then-name', NULL), ('null-then-name', 'named'),
		('"quoted", {braced} \ and ''more''', 'odd'), ('é 🦀', 'unicode'), ('NULL', 'not null'), (' ', 'space'), ('$1', 'dollar');
	CREATE TABLE jobs (id uuid, ns text);
	INSERT INTO jobs VALUES ('019a7f3c-0000-7000-8000-000000000001', 'nightly');`

const byOrder = `SELECT id, ns FROM orders WHERE id = ANY($1) ORDER BY ns NULLS FIRST`

func TestCustomLookups(t *testing.T) {
	f := openLayout(t, cluster.NewDatabase(t, ordersScript), Custom([]CustomLookup{{"order", byOrder}}))
	f.check(
		ask{"order", "1", "one"},
		ask{"order", "2", "two"},
		ask{"order", "3", unknown},
		ask{"order", "null-name", unknown},
		ask{"order", "empty-name", unknown},
		ask{"order", "twice", "first"},
		ask{"order", "null-then-name", "named"},
		ask{"order", `"quoted", {braced} \ and 'more'`, "odd"},
		ask{"order", "é 🦀", "unicode"},
		ask{"order", "NULL", "not null"},
		ask{"order", " ", "space"},
		ask{"order", "$1", "dollar"},
		ask{"order", "null-key", unknown},
		ask{"order", strings.Repeat("x", 256), unknown},
		ask{"order", `'; DROP TABLE orders; --`, unknown},
	)
	f.check(ask{"order", "1", "one"})
	assert.Empty(t, f.messages())
}

func TestLookupsWithTheSameQueryAreOneKind(t *testing.T) {
	layout := Custom([]CustomLookup{
		{"order", byOrder}, {"job", `SELECT id::text, ns FROM jobs WHERE id::text = ANY($1)`}, {"order.id", byOrder},
	})
	assert.Equal(t, []namespace.Lookup{
		{Attribute: "order", Kind: 0, Format: namespace.FormatText},
		{Attribute: "job", Kind: 1, Format: namespace.FormatText},
		{Attribute: "order.id", Kind: 0, Format: namespace.FormatText},
	}, layout.Lookups)
	assert.Len(t, layout.Queries, 2)

	f := openLayout(t, cluster.NewDatabase(t, ordersScript), layout)
	assert.True(t, f.key("order", "1") == f.key("order.id", "1"))
	f.check(ask{"order", "1", "one"}, ask{"order.id", "2", "two"}, ask{"job", id(1), "nightly"}, ask{"job", "1", unknown})
}

// TestKeysAreComparedWithColumnsOfAnyType: the keys take the type of the column, so that neither they nor the columns of the result
// need a cast, and an index on the column is used.
func TestKeysAreComparedWithColumnsOfAnyType(t *testing.T) {
	dsn := cluster.NewDatabase(t, `
		CREATE TABLE tenants (big bigint, small integer, key uuid, code varchar(10), slug varchar(20), number numeric);
		INSERT INTO tenants VALUES (9007199254740993, 7, '019a7f3c-0000-7000-8000-000000000001', 'a', 'acme', 12)`)
	query := func(column string) CustomLookup {
		return CustomLookup{column, "SELECT " + column + ", slug FROM tenants WHERE " + column + " = ANY($1)"}
	}
	for mode, dsn := range inEachMode(dsn) {
		t.Run(mode, func(t *testing.T) {
			f := openLayout(t, dsn, Custom([]CustomLookup{query("big"), query("small"), query("key"), query("code"), query("number")}))
			assert.Equal(t, 1, f.check(
				ask{"big", "9007199254740993", "acme"}, ask{"big", "9007199254740992", unknown}, ask{"big", "-1", unknown},
				ask{"small", "7", "acme"}, ask{"key", id(1), "acme"}, ask{"code", "a", "acme"}, ask{"number", "12", "acme"},
			))
			assert.Empty(t, f.messages())
		})
	}
}

func TestRowsWithOtherKeysAreIgnored(t *testing.T) {
	f := openLayout(t, cluster.NewDatabase(t, ordersScript), Custom([]CustomLookup{
		{"all", `SELECT n::text, 'ns-' || n FROM generate_series(1, 100000) n WHERE $1::text[] IS NOT NULL`},
		{"order", byOrder},
	}))
	assert.Equal(t, 1, f.check(
		ask{"all", "1", "ns-1"}, ask{"all", "100000", "ns-100000"}, ask{"all", "100001", unknown}, ask{"order", "1", "one"}))
}
