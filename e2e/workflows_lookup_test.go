// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// documentedLookup is the configuration in docs/workflows.md of a lookup that returns groups.
func documentedLookup(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/workflows.md")
	require.NoError(t, err)
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if strings.Contains(block[1], "lookups:") {
			return strings.ReplaceAll("\n"+block[1], "\n    ", "\n")
		}
	}
	require.Fail(t, "the page has no such example")
	return ""
}

// TestTheDocumentedLookupReturnsGroups, which the spans of a checkout share: those that carry it as a text or an integer, and those that
// only carry one of its orders.
func TestTheDocumentedLookupReturnsGroups(t *testing.T) { // G1, G2
	t.Parallel()
	const checkouts = 200
	tables, err := os.ReadFile(testdata + "/tenants.sql")
	require.NoError(t, err)
	dsn := sharedCluster(t).NewDatabase(t, string(tables), fmt.Sprintf(
		`ALTER TABLE orders ADD checkout_id bigint; UPDATE orders SET checkout_id = id %% %d`, checkouts))
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Env: []string{"DATABASE_URL=" + dsn}, Processor: documentedLookup(t) + `
  wait: 20s
  query_timeout: 15s
sample_rate: 0.1
namespace: {attributes: [tenant.slug]}
`})
	var keys []string
	for id := range checkouts {
		keys = append(keys, fmt.Sprint(id))
	}
	hashes, client, r, want := xxh64(t, keys...), harness.NewClient(t, collector), random(), outcomes{}
	for id := range checkouts {
		var spans []span
		for _, carried := range []attrs{
			{"checkout.id": int64(id)},
			{"checkout.id": fmt.Sprint(id)},
			{"order.id": int64(checkouts + id)},
			{"order.id": fmt.Sprint(2*checkouts + id), "tenant.slug": "acme"},
		} {
			spans = append(spans, newSpan(randomTrace(r), "", carried))
		}
		want.expectGroup(t, 0.1, hashes[fmt.Sprint(id)], spans...)
		client.Traces(traces(t, nil, nil, spans...))
	}
	require.NotEmpty(t, want)
	assert.Equal(t, want, outcomesOf(sink.Spans()))
}
