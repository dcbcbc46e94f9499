// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// latin1 has the domain café, in the encoding LATIN1.
const latin1 = `CREATE TABLE orders (id bigint, domain text); INSERT INTO orders VALUES (1, E'caf\xe9'), (2, 'tea');`

// ordersOf returns settings that resolve the namespaces of orders, drop all others, and keep those of overrides.
func ordersOf(dsn string, section, namespaces map[string]any) map[string]any {
	postgres := map[string]any{"lookups": []any{
		map[string]any{"attribute": "order.id", "query": "SELECT id, domain FROM orders WHERE id = ANY($1)"},
	}}
	for key, value := range section {
		postgres[key] = value
	}
	return samplertest.WithPostgres(dsn, postgres, map[string]any{"sample_rate": 0, "namespaces": namespaces})
}

func TestADomainOfALATIN1DatabaseIsWrittenAsUTF8AndMatchesItsOverride(t *testing.T) {
	dsn := pgtest.Start(t).NewEncodedDatabase(t, "LATIN1", latin1)
	s := samplertest.Start(t, ordersOf(dsn, nil, map[string]any{"café": 1}))
	assert.Equal(t, []string{"café"}, namespacesOf(t, s, attributes{"order.id": 1}, attributes{"order.id": 2}), "tea is dropped")
}

func TestARuntimeOverrideInALATIN1DatabaseMatches(t *testing.T) {
	script, err := os.ReadFile("../../../testdata/overrides.sql")
	require.NoError(t, err)
	dsn := pgtest.Start(t).NewEncodedDatabase(t, "LATIN1", latin1, string(script),
		`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, reason) VALUES (E'caf\xe9', 1, E'd\xe9mo')`)
	s := samplertest.Start(t, ordersOf(dsn, map[string]any{"overrides": map[string]any{"enabled": true}}, nil))
	require.Eventually(t, func() bool { return s.Logs.FilterMessage("an override is in force").Len() > 0 },
		30*time.Second, 5*time.Millisecond, "%v", s.Logs.All())
	assert.Equal(t, []string{"café"}, namespacesOf(t, s, attributes{"order.id": 1}, attributes{"order.id": 2}), "tea is dropped")
}

// SQL_ASCII is no encoding: such a database holds any bytes.
func TestADomainThatIsNotUTF8IsNotWritten(t *testing.T) {
	dsn := pgtest.Start(t).NewEncodedDatabase(t, "SQL_ASCII", latin1, `INSERT INTO orders VALUES (3, E'caf\xc3\xa9')`)
	settings := ordersOf(dsn, nil, nil)
	settings["sample_rate"] = 1
	s := samplertest.Start(t, settings)
	assert.Equal(t, []string{"", "tea", "café"},
		namespacesOf(t, s, attributes{"order.id": 1}, attributes{"order.id": 2}, attributes{"order.id": 3}))
}
