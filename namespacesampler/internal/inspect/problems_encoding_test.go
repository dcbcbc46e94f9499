// SPDX-License-Identifier: Apache-2.0

//go:build unix

package inspect_test

import (
	"os"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// A database with the encoding SQL_ASCII holds any bytes. What is not UTF-8 is shown as a problem, and nowhere as it is.
func TestNamesThatAreNotUTF8AreShownAsAProblem(t *testing.T) {
	script, err := os.ReadFile("../../../testdata/overrides.sql")
	require.NoError(t, err)
	dsn := pgtest.Start(t).NewEncodedDatabase(t, "SQL_ASCII", string(script), `
		CREATE TABLE orders (id bigint, tenant text); INSERT INTO orders VALUES (1, E'caf\xe9'), (2, E'th\xe9'), (3, 'tea');
		INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate, reason, updated_by) VALUES
			(E'caf\xe9', 'all', 0.5, 'a', 'b'), ('tea', 'all', 0.5, E'd\xe9mo', E'Andr\xe9')`)
	s, at := samplertest.StartInspected(t, samplertest.WithPostgres(dsn, map[string]any{
		"cache":     map[string]any{"negative_ttl": "1h"},
		"lookups":   []any{map[string]any{"attribute": "order.id", "query": "SELECT id, tenant FROM orders WHERE id = ANY($1)"}},
		"registry":  map[string]any{"interval": "10ms", "query": "SELECT tenant FROM orders"},
		"overrides": map[string]any{"enabled": true, "interval": "10ms"},
	}, nil))
	for range 2 {
		s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"order.id": 1}},
			samplertest.Span{Attributes: map[string]any{"order.id": 2}}, samplertest.Span{Attributes: map[string]any{"order.id": 3}}))
	}
	var shown inspect.Namespaces
	require.Eventually(t, func() bool {
		shown = samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
		return countOf(shown.Problems, "unreadable_names") == 4 && countOf(shown.Problems, "rows_skipped") == 1 &&
			s.LogCount("an override is in force") > 0
	}, 30*time.Second, 10*time.Millisecond, "two of the lookup, and two registered ones, once")
	assert.Equal(t, map[string]int64{"unreadable_names": 4, "unknown_keys": 2, "rows_skipped": 1}, describedProblems(t, shown.Problems))
	assert.Equal(t, map[string]int64{"invalid_utf8": 4}, s.Counts("unreadable_names"))
	require.Len(t, shown.Namespaces, 1)
	assert.Equal(t, "tea", shown.Namespaces[0].Name)

	for _, message := range []string{
		"the query returns a key or a namespace that is not valid UTF-8, so that the key counts as unknown; further ones are only counted",
		"registered names that are not valid UTF-8 are left out",
		"a row of the runtime overrides is skipped",
		"an override is in force",
	} {
		assert.Equal(t, 1, s.LogCount(message), message)
	}
	for _, entry := range s.Logs.All() {
		for key, value := range entry.ContextMap() {
			if text, ok := value.(string); ok {
				assert.True(t, utf8.ValidString(text), "%s: %s", entry.Message, key)
			}
		}
	}
}

// Another setting, and another page, help with names that are too long.
func TestNamesThatAreTooLongAreShownAsAProblemOfTheirOwn(t *testing.T) {
	dsn := pgtest.Start(t).NewDatabase(t, `CREATE TABLE orders (id bigint, tenant text);
		INSERT INTO orders VALUES (1, repeat('x', 1025)), (2, 'tea')`)
	s, at := samplertest.StartInspected(t, samplertest.WithPostgres(dsn, map[string]any{
		"cache":    map[string]any{"negative_ttl": "1h"},
		"lookups":  []any{map[string]any{"attribute": "order.id", "query": "SELECT id, tenant FROM orders WHERE id = ANY($1)"}},
		"registry": map[string]any{"interval": "10ms", "query": "SELECT tenant FROM orders"},
	}, nil))
	for range 2 {
		s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"order.id": 1}}))
	}
	var shown []inspect.Problem
	require.Eventually(t, func() bool {
		shown = samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces").Problems
		return len(shown) > 0 && shown[0].Count == 2
	}, 30*time.Second, 10*time.Millisecond, "one of the lookup, and a registered one, once")
	assert.Equal(t, map[string]int64{"long_names": 2, "unknown_keys": 1}, describedProblems(t, shown))
	assert.Equal(t, "postgres::lookups", shown[0].Setting)
	assert.Equal(t, map[string]int64{"too_long": 2}, s.Counts("unreadable_names"))
}
