// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// latin1Script has café in the encoding of a LATIN1 database.
const latin1Script = `
	CREATE TABLE orders (id text, ns text);
	INSERT INTO orders VALUES ('1', E'caf\xe9'), ('2', 'plain'), (E'caf\xe9', 'drinks');
	CREATE TABLE tenants (slug text); INSERT INTO tenants VALUES (E'caf\xe9'), ('plain');`

// unencodedScript has café in both encodings, in a database that has none.
const unencodedScript = latin1Script + `
	INSERT INTO orders VALUES ('3', E'caf\xc3\xa9'), (E'caf\xc3\xa9', 'meals'), ('4', E'\xff'), ('4', 'readable');
	INSERT INTO tenants VALUES (E'caf\xc3\xa9')`

var ordersOfEncoding = Custom([]CustomLookup{{"order", `SELECT id, ns FROM orders WHERE id = ANY($1)`}})

func TestNamesOfALATIN1DatabaseAreUTF8(t *testing.T) {
	for mode, dsn := range inEachMode(cluster.NewEncodedDatabase(t, "LATIN1", latin1Script)) {
		t.Run(mode, func(t *testing.T) {
			f := openLayout(t, dsn, ordersOfEncoding)
			assert.Equal(t, 1, f.check(ask{"order", "1", "café"}, ask{"order", "2", "plain"}, ask{"order", "café", "drinks"}))
			names, err := f.Registered(t.Context(), QueryRegistry("TABLE tenants"))
			require.NoError(t, err)
			assert.Equal(t, []string{"café", "plain"}, names)
			assert.Empty(t, f.logs.All())
			assert.Zero(t, f.unreadable.Load())
		})
	}
}

// A key that LATIN1 lacks has no row in such a database.
func TestAKeyThatTheEncodingOfTheDatabaseLacksIsUnknown(t *testing.T) {
	f := openLayout(t, cluster.NewEncodedDatabase(t, "LATIN1", latin1Script), ordersOfEncoding)
	f.check(ask{"order", "1", "café"}, ask{"order", "🦀", unknown}, ask{"order", "2", "plain"})
	messages := f.messages()
	require.Len(t, messages, 1)
	assert.Contains(t, messages[0], "cannot be converted between the encoding of the database and client_encoding")
	assert.Zero(t, f.unreadable.Load(), "no name of the database")
}

// TestTextThatIsNotUTF8CountsAsUnknown: a database with the encoding SQL_ASCII holds any bytes, and converts none.
func TestTextThatIsNotUTF8CountsAsUnknown(t *testing.T) {
	for mode, dsn := range inEachMode(cluster.NewEncodedDatabase(t, "SQL_ASCII", unencodedScript)) {
		t.Run(mode, func(t *testing.T) {
			f := openLayout(t, dsn, ordersOfEncoding)
			asks := []ask{{"order", "1", unknown}, {"order", "2", "plain"}, {"order", "3", "café"}, {"order", "café", "meals"}}
			isSimple := mode == "simple_protocol" // pgx insists on UTF8, so that the server refuses to send such rows
			if !isSimple {
				asks = append(asks, ask{"order", "4", "readable"})
			}
			roundTrips := f.check(asks...)
			unreadable := f.logs.FilterMessageSnippet("not valid UTF-8")
			assert.Equal(t, 1, unreadable.Len())
			if !isSimple {
				assert.Equal(t, 1, roundTrips)
				assert.Equal(t, int64(2), f.unreadable.Load())
			}
			f.check(asks...)
			assert.Equal(t, 1, f.logs.FilterMessageSnippet("not valid UTF-8").Len(), "it is logged once")
			for _, entry := range f.logs.All() {
				assert.NotContains(t, entry.Message, "caf")
			}
		})
	}
}

func TestRegisteredNamesThatAreNotUTF8AreLeftOut(t *testing.T) {
	dsn := cluster.NewEncodedDatabase(t, "SQL_ASCII", unencodedScript)
	for mode, dsn := range inEachMode(dsn) {
		if mode == "simple_protocol" {
			continue // the server refuses to send all rows; docs/limitations.md
		}
		t.Run(mode, func(t *testing.T) {
			f := openLayout(t, dsn, Layout{})
			for range 2 {
				names, err := f.Registered(t.Context(), QueryRegistry("TABLE tenants"))
				require.NoError(t, err)
				assert.Equal(t, []string{"café", "plain"}, names)
			}
			assert.Equal(t, int64(1), f.unreadable.Load(), "not once for each read")
			logged := f.logs.All()
			require.Len(t, logged, 1)
			assert.Equal(t, "registered names that are not valid UTF-8 are left out", logged[0].Message)
		})
	}
}

// The table of overrides is read whatever its texts are; what is shown is valid.
func TestOverridesOfADatabaseWithoutEncoding(t *testing.T) {
	f := openLayout(t, cluster.NewEncodedDatabase(t, "SQL_ASCII", overridesScript(t), `
		INSERT INTO namespace_sampling_overrides (namespace, sample_rate, reason, updated_by)
		VALUES (E'caf\xc3\xa9', 1, E'd\xe9monstration', E'Andr\xe9'), (E'\xe9', 1, 'a', 'b')`), Layout{})
	got, err := f.Overrides(t.Context(), table(t, "namespace_sampling_overrides"))
	require.NoError(t, err)
	require.Len(t, got, 2)
	for _, o := range got {
		if o.Key == "café" {
			assert.Equal(t, []string{"d\uFFFDmonstration", "Andr\uFFFD"}, []string{o.Reason, o.UpdatedBy})
			continue
		}
		assert.Equal(t, rate.Override{
			Source: rate.RuntimeOverride, Key: "\xe9", Signal: rate.All, Probability: 1, Reason: "a", UpdatedBy: "b", UpdatedAt: o.UpdatedAt,
		}, o.Override, "as it is, to be rejected")
	}
}

// The encoding that the DSN asks for is what the server sends.
func TestTheDSNMaySetAnotherEncoding(t *testing.T) {
	dsn := cluster.NewDatabase(t, `CREATE TABLE orders (id text, ns text); INSERT INTO orders VALUES ('1', 'café'), ('2', 'plain')`)
	for _, parameter := range []string{"client_encoding=LATIN1", "options=-c%20client_encoding%3DLATIN1"} {
		f := openLayout(t, dsn+"&"+parameter, ordersOfEncoding)
		f.check(ask{"order", "1", unknown}, ask{"order", "2", "plain"})
		assert.Equal(t, int64(1), f.unreadable.Load(), parameter)
	}
}

// What the server says can be in any encoding, too.
func TestMessagesOfADatabaseWithoutEncodingAreLoggedAsUTF8(t *testing.T) {
	f := openLayout(t, cluster.NewEncodedDatabase(t, "SQL_ASCII", `CREATE FUNCTION fail(text[]) RETURNS text
		LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING MESSAGE = E'refus\xe9'; END $$`),
		Custom([]CustomLookup{{"order", `SELECT fail($1), 'x'`}}))
	f.check(ask{"order", "1", unavailable})
	logged := f.logs.All()
	require.Len(t, logged, 1)
	assert.Equal(t, "postgres::lookups::0::query: refus\uFFFD (SQLSTATE P0001)", logged[0].ContextMap()["error"])
}

// A pooler applies the encoding of each client to the connection that it lends.
func TestADatabaseWithoutEncodingBehindAPooler(t *testing.T) {
	own := pgtest.Start(t)
	dsn := pgtest.NewPooler(t, own).DSN(own.NewEncodedDatabase(t, "SQL_ASCII", unencodedScript))
	f := openLayout(t, dsn, ordersOfEncoding)
	other := connect(t, dsn+"&client_encoding=UTF8&default_query_exec_mode=exec")
	for range 3 {
		f.check(ask{"order", "1", unknown}, ask{"order", "2", "plain"}, ask{"order", "3", "café"})
		var encoding string
		require.NoError(t, other.QueryRow(t.Context(), "SHOW client_encoding").Scan(&encoding))
		assert.Equal(t, "UTF8", encoding, "of other clients")
	}
	assert.Equal(t, int64(3), f.unreadable.Load())
}
