// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// typesScript has a column of each kind of type that has a text form, with one row.
const typesScript = `
	CREATE TYPE level AS ENUM ('gold'); CREATE DOMAIN code AS char(10); CREATE DOMAIN slug AS text; CREATE TYPE pair AS (a int, b int);
	CREATE TABLE things (
		bigint bigint, integer integer, smallint smallint, numeric numeric, money numeric(10, 2), real real, double double precision,
		boolean boolean, oid oid, uuid uuid, text text, varchar varchar(20), char char(20), bpchar bpchar, single "char", name name,
		enum level, code code, slug slug, timestamptz timestamptz, timestamp timestamp, date date, time time, interval interval,
		inet inet, cidr cidr, macaddr macaddr, json json, jsonb jsonb, bytea bytea, bits bit(3), texts text[], range int4range, pair pair);
	INSERT INTO things VALUES (
		9007199254740993, 7, -7, 12.50, 12.5, 0.1, 1e21, true, 4000000000, '019A7F3C-0000-7000-8000-000000000001', 'a ', 'a ', 'a', 'a', 'x', 'a',
		'gold', 'a', 'a ', '2026-12-01 09:00:00+00', '2026-12-01 09:00:00', '2026-12-01', '09:00', '1 day 02:00:00',
		'10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03', '{"a": 1}', '{"a": 1}', '\xff', '101', '{a,b}', '[1,3)', '(1,2)');`

// texts are the texts of the columns, which are those of the server, without the padding of char(n).
var texts = map[string]string{
	"bigint": "9007199254740993", "integer": "7", "smallint": "-7", "numeric": "12.50", "money": "12.50", "real": "0.1", "double": "1e+21",
	"boolean": "t", "oid": "4000000000", "uuid": id(1), "text": "a ", "varchar": "a ", "char": "a", "bpchar": "a", "single": "x", "name": "a",
	"enum": "gold", "code": "a", "slug": "a ", "timestamptz": "2026-12-01 09:00:00+00", "timestamp": "2026-12-01 09:00:00",
	"date": "2026-12-01", "time": "09:00:00", "interval": "1 day 02:00:00", "inet": "10.0.0.1", "cidr": "10.0.0.0/8",
	"macaddr": "08:00:2b:01:02:03", "json": `{"a": 1}`, "jsonb": `{"a": 1}`, "bytea": `\xff`, "bits": "101", "texts": "{a,b}",
	"range": "[1,3)", "pair": "(1,2)",
}

func TestColumnsOfAnyTypeAreKeysAndNamespaces(t *testing.T) {
	dsn := cluster.NewDatabase(t, typesScript)
	for mode, dsn := range inEachMode(dsn + "&timezone=UTC") {
		t.Run(mode, func(t *testing.T) {
			var lookups []CustomLookup
			var asks []ask
			for column, text := range texts {
				lookups = append(lookups,
					CustomLookup{"key." + column, `SELECT "` + column + `", 'found' FROM things WHERE $1::text[] IS NOT NULL`},
					CustomLookup{"namespace." + column, `SELECT k, "` + column + `" FROM things, unnest($1::text[]) k`})
				asks = append(asks, ask{"key." + column, text, "found"}, ask{"namespace." + column, "1", text})
			}
			f := openLayout(t, dsn, Custom(lookups))
			assert.Equal(t, 1, f.check(asks...))
			assert.Empty(t, f.messages())
		})
	}
}

// A padded key is equal to the key of the telemetry for Postgres, and for the processor too.
func TestKeysAreComparedWithColumnsOfChar(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE TABLE tenants (code char(20) PRIMARY KEY, slug char(20));
		INSERT INTO tenants VALUES ('a', 'acme'), ('', 'nameless'), ('empty', '')`)
	for mode, dsn := range inEachMode(dsn) {
		t.Run(mode, func(t *testing.T) {
			f := openLayout(t, dsn, Custom([]CustomLookup{{"code", `SELECT code, slug FROM tenants WHERE code = ANY($1)`}}))
			f.check(ask{"code", "a", "acme"}, ask{"code", "b", unknown}, ask{"code", "empty", unknown},
				ask{"code", "a" + strings.Repeat(" ", 19), unknown})
			assert.Empty(t, f.messages())
		})
	}
}

func TestOverridesInColumnsOfCharHaveNoPadding(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE TABLE overrides (namespace char(20), signal char(10), sample_rate numeric,
			expires_at timestamptz, reason char(10), updated_by char(10), updated_at timestamptz);
		INSERT INTO overrides VALUES ('acme', 'all', 1, NULL, 'r', 'u', '1970-01-01 00:00:00+00')`)
	for mode, dsn := range inEachMode(dsn) {
		got, err := openLayout(t, dsn, Layout{}).Overrides(t.Context(), table(t, "overrides"))
		require.NoError(t, err, mode)
		assert.Equal(t, []OverrideRow{{Override: rate.Override{
			Source: rate.RuntimeOverride, Key: "acme", Signal: rate.All, Probability: 1, Reason: "r", UpdatedBy: "u", UpdatedAt: time.Unix(0, 0).UTC(),
		}}}, got, mode)
	}
}
