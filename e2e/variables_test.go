// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A missing rate must not silently remove an override, nor a missing time make a temporary one permanent.
func TestVariablesThatAreNotSetAreRefused(t *testing.T) {
	t.Parallel()
	code, output := otelcol(t, "validate", "--config", withProcessor(t, `
sample_rate: "${env:UNSET_RATE}",
namespaces: {payments: "${env:UNSET_RATE}", orders: {sample_rate: 1, until: "${env:UNSET_TIME}"}},
tracing: {sample_rate: "${env:UNSET_RATE}", namespaces: [{name: "${env:UNSET_NAME}", sample_rate: 1}]},
namespace: {attributes: ["${env:UNSET_NAME}"]},
postgres: {dsn: "${env:UNSET_DSN}", wait: "${env:UNSET_WAIT}", overrides: {table: "${env:UNSET_TABLE}"}},
inspect: {endpoint: "${env:UNSET_ENDPOINT}"}`))
	assert.Equal(t, 1, code)
	for _, key := range []string{
		"sample_rate:", "namespaces::payments:", "namespaces::orders::until:", "tracing::sample_rate:", "tracing::namespaces::0::name:",
		"namespace::attributes::0:", "postgres::dsn:", "postgres::wait:", "postgres::overrides::table:", "inspect::endpoint:",
	} {
		assert.True(t, oneLineHolds(output, []string{key, "got an environment variable that is not set"}), "%s in one line of:\n%s", key, output)
	}
}

func TestTextFromVariablesStaysWhatItIs(t *testing.T) {
	t.Parallel()
	path := withProcessor(t, `
namespace: {attributes: ["${env:NUMBER}", namespace], missing_values: ["", "${env:ZERO}", "${env:NULL}"]},
namespaces: [{name: "${env:NUMBER}", sample_rate: 1}],
tracing: {always_keep: ["${env:CONDITION}"]},
postgres: {dsn: "${env:DSN}", lookups: [{attribute: "${env:ZERO}", query: "${env:QUERY}"}],
  overrides: {channel: "${env:NULL}", table: "${env:TABLE}"}},
inspect: {response_headers: {X-Site: "${env:DSN}"}}`)
	env := []string{
		"NUMBER=1042", "ZERO=0", "NULL=null", `CONDITION=span.name == "GET: /"`, "TABLE=\"7: a\"",
		"DSN=host=localhost dbname=x user=u password='a: b'", "QUERY=SELECT id, 'a: b' FROM orders WHERE id = ANY($$1)",
	}
	code, output := otelcolWith(t, env, "validate", "--config", path)
	assert.Zero(t, code, output)
	code, printed := otelcolWith(t, env, "print-config", "--config", path)
	assert.Zero(t, code, printed)
	compact := strings.Join(strings.Fields(printed), " ")
	for _, setting := range []string{
		`attributes: - "1042" - namespace`, `missing_values: - "" - "0" - "null"`, `- name: "1042" sample_rate: 1`,
		`always_keep: - 'span.name == "GET: /"'`, `channel: "null"`, `table: '"7: a"'`, `- attribute: "0" query: 'SELECT id, ''a: b'' FROM orders`,
	} {
		assert.Contains(t, compact, setting)
	}
	assert.NotContains(t, printed, "password")
}
