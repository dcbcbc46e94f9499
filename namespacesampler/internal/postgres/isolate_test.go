// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// manyJobs are 2,000 good keys.
const manyJobs = `INSERT INTO jobs SELECT format('019a7f3c-0000-7000-8000-%s', lpad(to_hex(n), 12, '0'))::uuid, 'ns-' || n
	FROM generate_series(2, 2001) n`

const byJob = `SELECT id::text, ns FROM jobs WHERE id = ANY($1::uuid[])`

// mixedLoad returns 200 good keys, 20 fresh keys that the query fails on, in random order.
func mixedLoad(load int) (asks []ask) {
	for n := range 200 {
		i := 2 + load*200 + n
		asks = append(asks, ask{"job", id(i), fmt.Sprintf("ns-%d", i)})
	}
	for n := range 20 {
		asks = append(asks, ask{"job", fmt.Sprintf("poison %d of %d", n, load), unknown})
	}
	rand.New(rand.NewPCG(1, uint64(load))).Shuffle(len(asks), func(i, j int) { asks[i], asks[j] = asks[j], asks[i] })
	return asks
}

func TestGoodKeysBesideKeysThatTheQueryFailsOnAreAnsweredInAFewRoundTrips(t *testing.T) {
	own := pgtest.Start(t)
	plain := own.NewDatabase(t, ordersScript, manyJobs)
	modes := inEachMode(plain)
	delete(modes, "simple_protocol")
	modes["behind a pooler"] = pgtest.NewPooler(t, own).DSN(plain)
	for mode, dsn := range modes {
		t.Run(mode, func(t *testing.T) {
			u := strings.TrimPrefix(dsn, "postgres://postgres@")
			tap := pgtest.NewTap(t, u[:strings.Index(u, "/")])
			f := openLayout(t, tap.DSN(dsn)+"&pool_min_conns=0", Custom([]CustomLookup{{"job", byJob}, {"order", byOrder}}))
			f.check(ask{"order", "1", "one"}) // connects
			tap.Delay(20 * time.Millisecond)
			for load := range 10 {
				tap.Reset()
				roundTrips := f.check(mixedLoad(load)...)
				assert.LessOrEqual(t, roundTrips, 5)
				assert.LessOrEqual(t, tap.Executes(), int64(200))
				if mode == "default" { // others ask for descriptions in round trips of their own
					assert.Equal(t, int64(roundTrips), tap.Turns(), "at the wire")
				}
			}
			messages := f.messages()
			require.Len(t, messages, 1, "it is logged once")
			assert.Contains(t, messages[0], "fails on some of the keys")
		})
	}
}

// The simple protocol has no pipeline.
func TestInTheSimpleProtocolEachStatementIsARoundTrip(t *testing.T) {
	dsn := cluster.NewDatabase(t, ordersScript, manyJobs) + "&default_query_exec_mode=simple_protocol"
	tap := pgtest.NewTap(t, cluster.Addr())
	f := openLayout(t, tap.DSN(dsn), Custom([]CustomLookup{{"job", byJob}, {"order", byOrder}}))
	f.check(ask{"order", "1", "one"})
	all := mixedLoad(0)
	keys := []namespace.Key{f.key("order", "1")}
	for _, a := range all {
		keys = append(keys, f.key(a.attribute, a.value))
	}
	for load := 1; len(keys) > 0; load++ { // as the cache asks: for what is not answered
		require.LessOrEqual(t, load, 6)
		answers := make([]namespace.Answer, len(keys))
		tap.Reset()
		roundTrips, err := f.Lookup(t.Context(), keys, answers)
		require.NoError(t, err)
		assert.Equal(t, int64(roundTrips), tap.Executes())
		assert.LessOrEqual(t, roundTrips, maxSimpleStatements+3)
		var left []namespace.Key
		for i, a := range answers {
			isBad := strings.HasPrefix(keys[i].String(), "poison")
			switch a.Outcome {
			case namespace.Unavailable:
				left = append(left, keys[i])
			default:
				assert.Equal(t, isBad, a.Outcome == namespace.Unknown, keys[i])
			}
		}
		assert.Less(t, len(left), len(keys), "each load comes further")
		keys = left
	}
}

// TestAKeyThatTheQueryFailsOnIsIsolated: a key from telemetry fails neither the query nor other keys.
func TestAKeyThatTheQueryFailsOnIsIsolated(t *testing.T) {
	for name, dsn := range inEachMode(cluster.NewDatabase(t, ordersScript)) {
		t.Run(name, func(t *testing.T) {
			f := openLayout(t, dsn, Custom([]CustomLookup{{"job", byJob}, {"order", byOrder}}))
			asks := []ask{
				{"job", "poison", unknown}, {"job", id(1), "nightly"}, {"order", "1", "one"},
			}
			for n := range 300 {
				asks = append(asks, ask{"job", id(n + 2), unknown})
			}
			asks = append(asks, ask{"job", "more poison", unknown})
			roundTrips := f.check(asks...)
			if name == "simple_protocol" {
				assert.LessOrEqual(t, roundTrips, 3+8+2*8+2*8, "three levels of parts")
			} else {
				assert.LessOrEqual(t, roundTrips, 2+3, "three levels of parts")
			}
			assert.Equal(t, 1, f.check(asks[1:300]...))
			messages := f.messages()
			require.Len(t, messages, 1, "it is logged once")
			assert.Contains(t, messages[0], "fails on some of the keys")

			f.check(ask{"job", "poison", unknown})
			f.check(ask{"job", "poison", unknown}, ask{"job", id(1), "nightly"})
		})
	}
}

// outcomes returns how many answers there are of each outcome.
func outcomes(answers []namespace.Answer) map[namespace.Outcome]int {
	n := map[namespace.Outcome]int{}
	for _, a := range answers {
		n[a.Outcome]++
	}
	return n
}

// One span every few seconds would keep the lookup paused.
func TestAKeyThatIsRefusedForAnyReasonOfItsOwnIsIsolated(t *testing.T) {
	dsn := cluster.NewDatabase(t, ordersScript, manyJobs, `
		CREATE DOMAIN job_key AS text CHECK (VALUE NOT LIKE 'poison%');
		CREATE FUNCTION checked(key text, state text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
			BEGIN IF key LIKE 'poison%' THEN RAISE 'no key' USING ERRCODE = state; END IF; RETURN key; END $$;
		CREATE FUNCTION refusing(keys text[]) RETURNS SETOF jobs LANGUAGE plpgsql AS $$
			BEGIN RAISE 'always' USING ERRCODE = 'P0001'; END $$`)
	const byChecked = `SELECT id::text, ns FROM jobs WHERE id::text IN (SELECT checked(k, '%s') FROM unnest($1::text[]) k)`
	for state, query := range map[string]string{
		"23514": `SELECT id::text, ns FROM jobs WHERE id::text = ANY($1::job_key[])`,
		"21000": `SELECT k, (SELECT ns FROM jobs WHERE id::text = k OR k LIKE 'poison%') FROM unnest($1::text[]) k`,
		"P0001": fmt.Sprintf(byChecked, "P0001"),
		"42601": fmt.Sprintf(byChecked, "42601"),
	} {
		t.Run(state, func(t *testing.T) {
			f := openLayout(t, dsn, Custom([]CustomLookup{{"job", query}, {"order", byOrder}}))
			for load := range 2 {
				assert.LessOrEqual(t, f.check(append(mixedLoad(load), ask{"order", "1", "one"})...), 7)
			}
			f.check(ask{"job", "poison", unknown})
			messages := f.messages()
			require.Len(t, messages, 1, "it is logged once, and the lookup is not paused")
			assert.Contains(t, messages[0], "fails on some of the keys")
		})
	}
	t.Run("a query that is refused without keys, too, is paused", func(t *testing.T) {
		f := openLayout(t, dsn, Custom([]CustomLookup{{"job", `SELECT id::text, ns FROM refusing($1)`}, {"order", byOrder}}))
		f.check(ask{"job", id(2), unavailable}, ask{"job", id(3), unavailable}, ask{"order", "1", "one"})
		messages := f.messages()
		require.Len(t, messages, 1)
		assert.Contains(t, messages[0], "Postgres refuses the lookup")
	})
}

func TestIsolatingBadKeysIsBounded(t *testing.T) {
	for mode, dsn := range inEachMode(cluster.NewDatabase(t, ordersScript)) {
		if mode != "default" && mode != "simple_protocol" {
			continue
		}
		t.Run(mode, func(t *testing.T) {
			tap := pgtest.NewTap(t, cluster.Addr())
			f := openLayout(t, tap.DSN(dsn), Custom([]CustomLookup{{"job", byJob}, {"order", byOrder}}))
			keys := []namespace.Key{f.key("order", "1")}
			for n := range 2000 {
				keys = append(keys, f.key("job", strings.Repeat("poison", 2)+id(n)))
			}
			most, flight := f.limits()
			for range 2 {
				answers := make([]namespace.Answer, len(keys))
				f.check(ask{"job", id(1), "nightly"})
				tap.Reset()
				roundTrips, err := f.Lookup(t.Context(), keys, answers)
				require.NoError(t, err)
				assert.LessOrEqual(t, tap.Executes(), int64(most+4))
				if mode == "default" {
					assert.LessOrEqual(t, roundTrips, most/flight+5)
				}
				assert.Equal(t, "one", answers[0].Name)
				n := outcomes(answers)
				assert.Greater(t, n[namespace.Unknown], most/3, "many are found")
				assert.Positive(t, n[namespace.Unavailable], "for the rest there is another load")
				assert.Equal(t, 1, f.check(ask{"job", id(1), "nightly"}), "the lookup goes on")
			}
			for _, entry := range f.logs.All() {
				assert.NotContains(t, fmt.Sprint(entry.ContextMap()), "poison", "telemetry's values are not logged")
			}
			assert.Len(t, f.messages(), 1)
		})
	}
}

// A lookup whose keys are all bad must not use up the statements of another one.
func TestBadKeysOfOneLookupDoNotHarmAnother(t *testing.T) {
	f := openLayout(t, cluster.NewDatabase(t, ordersScript, manyJobs), Custom([]CustomLookup{
		{"number", `SELECT id, ns FROM orders WHERE id::int = ANY($1::int[])`},
		{"job", byJob},
		{"missing", `SELECT id, ns FROM missing WHERE id = ANY($1)`},
		{"order", byOrder},
	}))
	var keys []namespace.Key
	for n := range 1000 { // in parts that are smaller than those of the other
		keys = append(keys, f.key("number", fmt.Sprint("poison ", n)))
	}
	asks := append(mixedLoad(0), ask{"order", "1", "one"}, ask{"missing", "1", unavailable})
	for i := 202; i < 2002; i++ {
		asks = append(asks, ask{"job", id(i), fmt.Sprintf("ns-%d", i)})
	}
	for _, a := range asks {
		keys = append(keys, f.key(a.attribute, a.value))
	}
	answers := make([]namespace.Answer, len(keys))
	_, err := f.Lookup(t.Context(), keys, answers)
	require.NoError(t, err)
	for i, a := range asks {
		assert.Equal(t, a.want, describe(answers[1000+i]), a.value)
	}
	assert.Len(t, f.messages(), 3, "two lookups have bad keys, one is refused")
}

// A query that is refused for another reason while its keys are isolated is paused, and no other is.
func TestALookupIsPausedWhileItsKeysAreIsolated(t *testing.T) {
	dsn := cluster.NewDatabase(t, ordersScript, `CREATE FUNCTION strict(keys text[]) RETURNS text[] LANGUAGE plpgsql AS $$ BEGIN
		IF array_length(keys, 1) > 1 THEN PERFORM keys[1]::int; END IF;
		IF 'broken' = ANY(keys) THEN RAISE 'no' USING ERRCODE = '55000'; END IF; RETURN keys; END $$`)
	f := openLayout(t, dsn, Custom([]CustomLookup{{"strict", `SELECT id, ns FROM orders WHERE id = ANY(strict($1))`}, {"order", byOrder}}))
	asks := []ask{{"order", "1", "one"}}
	for n := range 8 { // two in each part; the ninth is alone, and refused before these are alone
		asks = append(asks, ask{"strict", fmt.Sprint("text ", n), unavailable})
	}
	asks = append(asks, ask{"strict", "broken", unavailable})
	assert.Equal(t, 3, f.check(asks...))
	messages := f.messages()
	require.Len(t, messages, 2)
	assert.Contains(t, messages[1], "Postgres refuses the lookup")
	assert.Equal(t, 1, f.check(asks...), "it is paused")
}

// A connection that breaks while keys are isolated is an outage.
func TestAConnectionThatBreaksWhileKeysAreIsolated(t *testing.T) {
	dsn := cluster.NewDatabase(t, ordersScript, `CREATE FUNCTION fatal(keys text[]) RETURNS text[] LANGUAGE plpgsql AS $$ BEGIN
		IF array_length(keys, 1) > 1 THEN PERFORM 'x'::int; END IF;
		IF 'fatal' = ANY(keys) THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); END IF; RETURN keys; END $$`)
	f := openLayout(t, dsn, Custom([]CustomLookup{{"fatal", `SELECT id, ns FROM orders WHERE id = ANY(fatal($1))`}}))
	f.awaitStanding(2)
	_, err := f.lookup(ask{"fatal", "1", "one"}, ask{"fatal", "fatal", unavailable})
	require.ErrorContains(t, err, "terminating connection")
	f.check(ask{"fatal", "1", "one"})
}

// A pooler that lends a connection for one transaction must not mix up the answers of clients whose statements travel together.
func TestManyIsolateKeysBehindAPoolerAtOnce(t *testing.T) {
	own := pgtest.Start(t)
	dsn := pgtest.NewPooler(t, own).DSN(own.NewDatabase(t, ordersScript, manyJobs))
	f := openLayout(t, dsn, Custom([]CustomLookup{{"job", byJob}, {"order", byOrder}}))
	other := openLayout(t, dsn, Custom([]CustomLookup{{"order", byOrder}}))
	var loads sync.WaitGroup
	for load := range 10 {
		loads.Go(func() { f.check(mixedLoad(load)...) })
		loads.Go(func() { other.check(ask{"order", "1", "one"}, ask{"order", "3", unknown}) })
	}
	loads.Wait()
	assert.Empty(t, other.messages())
}
