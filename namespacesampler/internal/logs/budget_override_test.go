// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// A budget begins with the initial rate. Its interval does not end here.
func TestARuntimeOverrideCanBeABudget(t *testing.T) { // B2
	script, err := os.ReadFile("../../../testdata/overrides.sql")
	require.NoError(t, err)
	database := samplertest.NewDatabase(t, 0, string(script))
	h := samplertest.Start(t, samplertest.WithPostgres(database.DSN, settings{"overrides": settings{"enabled": true, "interval": "5ms"}}, settings{
		"tracing": settings{"sampler": "trace_id_ratio"}, "budgets": settings{"interval": "1h", "initial_sample_rate": 0.25},
	}))
	span := func() string {
		kept := h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID, Attributes: named("analytics")}))
		require.Len(t, kept, 1)
		return kept[0].TraceState().AsRaw()
	}
	record := func() string {
		kept := h.ConsumeLogs(samplertest.LogsOf(t, of(samplertest.HighID, named("analytics"))...))
		require.Len(t, kept, 1)
		threshold, _ := kept[0].Attributes().AsRaw()[decision.ThresholdAttribute].(string)
		return threshold
	}
	require.Empty(t, span())
	require.Empty(t, record())

	database.Exec(`INSERT INTO namespace_sampling_overrides (namespace, signal, items_per_second) VALUES ('analytics', 'traces', 1e9)`)
	eventually(t, func() bool { return span() == "ot=th:c" }, "a budget for spans")
	assert.Empty(t, record(), "is not one for log records")
	database.Exec(`INSERT INTO namespace_sampling_overrides (namespace, signal, items_per_second) VALUES ('anal*', 'logs', 1e9)`)
	eventually(t, func() bool { return record() == "c" }, "a budget for the log records of each namespace that matches")
	database.Exec(`DELETE FROM namespace_sampling_overrides WHERE signal = 'traces'`)
	eventually(t, func() bool { return span() == "" }, "the configured rate of spans is restored")
	assert.Equal(t, "c", record())
	database.Exec(`DELETE FROM namespace_sampling_overrides`)
	eventually(t, func() bool { return record() == "" }, "the configured rate of log records is restored")
}
