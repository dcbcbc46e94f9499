// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// lookupWithin looks keys up in a load that has so much time.
func (f *fixture) lookupWithin(timeout time.Duration, keys []namespace.Key) (answers []namespace.Answer, roundTrips int, err error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), timeout)
	defer cancel()
	answers = make([]namespace.Answer, len(keys))
	roundTrips, err = f.Lookup(ctx, keys, answers)
	return answers, roundTrips, err
}

// orders returns keys of the lookup of orders.
func (f *fixture) orders(texts ...string) []namespace.Key {
	keys := make([]namespace.Key, len(texts))
	for i, text := range texts {
		keys[i] = f.key("order", text)
	}
	return keys
}

// describeAll describes answers.
func describeAll(answers []namespace.Answer) []string {
	texts := make([]string, len(answers))
	for i, a := range answers {
		texts[i] = describe(a)
	}
	return texts
}

// The time of the first statement says nothing about that of the others: it may have waited for a lock, or read from the disk.
func TestAfterASlowRefusalTheKeysAreStillIsolatedTogether(t *testing.T) {
	dsn := cluster.NewDatabase(t, ordersScript, `CREATE FUNCTION slow(keys text[]) RETURNS text[] LANGUAGE plpgsql AS $$ BEGIN
		IF array_length(keys, 1) = 64 THEN PERFORM pg_sleep(2); END IF;
		IF 'bad' = ANY(keys) THEN PERFORM 'x'::int; END IF; RETURN keys; END $$`)
	f := openLayout(t, dsn, Custom([]CustomLookup{{"order", `SELECT id, ns FROM orders WHERE id = ANY((SELECT slow($1))::text[])`}}))
	f.check(ask{"order", "1", "one"})
	texts := []string{"1", "bad"}
	for n := range 62 {
		texts = append(texts, string(rune('A'+n)))
	}
	answers, roundTrips, err := f.lookupWithin(6*time.Second, f.orders(texts...))
	require.NoError(t, err)
	assert.Equal(t, 3, roundTrips, "all, eight parts, eight keys")
	assert.Equal(t, map[namespace.Outcome]int{namespace.Resolved: 1, namespace.Unknown: 63}, outcomes(answers))
}

// stuckScript makes a function that fails on several keys, so that they are isolated, and on one of them alone, and that never ends for
// another one.
const stuckScript = `CREATE FUNCTION stuck(keys text[]) RETURNS text[] LANGUAGE plpgsql AS $$ BEGIN
	IF array_length(keys, 1) > 1 OR 'bad' = ANY(keys) THEN PERFORM 'x'::int; END IF;
	IF 'stuck' = ANY(keys) THEN PERFORM pg_sleep(600); END IF; RETURN keys; END $$`

// Statements that take long must not use up the time of the load, which would count as an outage of a server that answers.
func TestWhenTheTimeForIsolatingIsOverTheLoadSucceedsWithWhatItKnows(t *testing.T) {
	for mode, dsn := range inEachMode(cluster.NewDatabase(t, ordersScript, stuckScript)) {
		t.Run(mode, func(t *testing.T) {
			t.Parallel() // most of it waits
			f := openLayout(t, dsn, Custom([]CustomLookup{{"order", `SELECT id, ns FROM orders WHERE id = ANY((SELECT stuck($1))::text[])`}}))
			f.check(ask{"order", "1", "one"})
			answers, _, err := f.lookupWithin(4*time.Second, f.orders("1", "bad", "3", "stuck", "5"))
			require.NoError(t, err)
			assert.Equal(t, []string{"one", unknown, unknown, unavailable, unavailable}, describeAll(answers))
			messages := f.messages()
			require.Len(t, messages, 1)
			assert.Contains(t, messages[0], "fails on some of the keys")
			f.check(ask{"order", "1", "one"})
			assert.Empty(t, f.messages(), "the lookup is not paused")
		})
	}
}

// A single failed load would open this breaker.
func TestTheEndOfTheTimeForIsolatingDoesNotCountAgainstTheBreaker(t *testing.T) {
	f := openLayout(t, cluster.NewDatabase(t, ordersScript, stuckScript), Custom([]CustomLookup{
		{"order", `SELECT id, ns FROM orders WHERE id = ANY((SELECT stuck($1))::text[])`},
	}))
	f.check(ask{"order", "1", "one"})
	loads := make(chan namespace.Load, 1)
	r, err := namespace.NewResolver(namespace.ResolverConfig{
		Cache: namespace.CacheConfig{MaxEntries: 100, TTL: time.Hour, NegativeTTL: time.Hour},
		Breaker: namespace.BreakerConfig{Failures: 1, Cooldown: time.Hour, Changed: func(s namespace.BreakerState) {
			t.Errorf("the breaker is %s", s)
		}},
		LoadTimeout: 4 * time.Second,
		MaxLoads:    1,
		Loaded:      func(l namespace.Load) { loads <- l },
	}, f)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close(context.Background())) }()
	r.Resolve(t.Context(), f.orders("1", "stuck"), make([]namespace.Answer, 2))
	load := <-loads
	require.NoError(t, load.Err)
	assert.Equal(t, 2, load.RoundTrips)
}
