// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// While Postgres cannot be asked for groups, the trace IDs decide at the rates of the namespaces that the spans name, whatever on_failure says.
func TestWithoutPostgresTheTraceIDsOfNamedSpansDecide(t *testing.T) { // G1
	var spans []samplertest.Span
	for i := range 400 {
		id := samplertest.RandomID()
		spans = append(spans,
			samplertest.Span{ID: id, Root: true, Attributes: map[string]any{"namespace": []string{"orders", "payments"}[i%2], "order": fmt.Sprint(i), "n": 2 * i}},
			samplertest.Span{ID: id, Attributes: map[string]any{"order": fmt.Sprint(-i), "n": 2*i + 1}})
	}
	for _, sampler := range []string{"parent_based", "trace_id_ratio"} {
		for _, onFailure := range []string{"global_rate", "keep", "drop"} {
			t.Run(sampler+", "+onFailure, func(t *testing.T) {
				tracing := map[string]any{"sampler": sampler}
				if sampler == "parent_based" {
					tracing["hold"] = map[string]any{"wait": "1h"}
				}
				rates := map[string]any{"sample_rate": 0.25, "namespaces": map[string]any{"payments": 0.75}, "tracing": tracing}
				down := map[string]any{"on_failure": onFailure, "wait": "0s"}
				const nowhere = "postgres://127.0.0.1:1/none"
				grouped := samplertest.Start(t, withGroupLookups(nowhere, down, rates))
				rates["consistent_by"] = []any{}
				plain := samplertest.Start(t, withGroupLookups(nowhere, down, rates))

				want := outcomes(plain.ConsumeTraces(samplertest.TracesOf(t, spans...)))
				got := outcomes(grouped.ConsumeTraces(samplertest.TracesOf(t, spans...)))
				require.NotEmpty(t, want)
				assert.Equal(t, want, got)
				total := int64(0)
				for _, n := range grouped.Counts("spans") {
					total += n
				}
				assert.EqualValues(t, len(spans), total, "nothing is lost or held")
				assert.Positive(t, grouped.Counts("ungrouped_items")["traces"])
				assert.Positive(t, grouped.Counts("lookup_keys")["unavailable"])
			})
		}
	}
}

// A group that spans carry decides as ever during an outage, and also those spans of the trace whose group cannot be asked for.
func TestWithoutPostgresTheGroupsThatSpansCarryDecide(t *testing.T) { // G1, G4
	h := samplertest.Start(t, withGroupLookups("postgres://127.0.0.1:1/none", map[string]any{"wait": "0s"}, nil))
	out := h.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{ID: samplertest.LowID, Root: true, Attributes: map[string]any{"n": 0, "namespace": "orders", "order": "both"}},
		samplertest.Span{ID: samplertest.LowID, Attributes: map[string]any{"n": 1, groupAttribute: keptGroup}},
	))
	assert.Equal(t, []string{"0 orders " + stampedKept, "1 orders " + stampedKept}, outcomes(out))
}

// A trace that was decided by its trace ID during an outage gets its group when Postgres answers again.
func TestTheGroupComesLateAfterAnOutage(t *testing.T) { // G1, G4
	database := samplertest.NewDatabase(t, 0, groupRows)
	h := samplertest.Start(t, withGroupLookups(database.DSN, map[string]any{"circuit_breaker": map[string]any{"failures": 100, "cooldown": "1ms"}}, nil))
	batch := func(n int) []string {
		return outcomes(h.ConsumeTraces(samplertest.TracesOf(t,
			samplertest.Span{ID: samplertest.HighID, Root: true, Attributes: map[string]any{"n": n, "namespace": "orders", "order": "both"}},
		)))
	}
	require.NoError(t, database.Cluster.Crash())
	require.Equal(t, []string{"0 orders " + stampedHigh}, batch(0))
	require.NoError(t, database.Cluster.Restart(t.Context()))
	require.Eventually(t, func() bool {
		return assert.ObjectsAreEqual([]string{"1 orders " + stampedKept}, batch(1))
	}, 30*time.Second, time.Millisecond)
	require.NoError(t, database.Cluster.Stop())
	assert.Equal(t, []string{"2 orders " + stampedKept}, batch(2), "it is remembered")
}
