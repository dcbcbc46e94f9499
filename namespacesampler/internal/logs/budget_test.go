// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batchtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// spreadRecords returns records of a namespace, each of a trace of its own, whose randomness is evenly spread.
func spreadRecords(namespace string, n int, made *uint64) (records []samplertest.Record) {
	for range n {
		*made++
		records = append(records, samplertest.Record{ID: batchtest.SpreadID(*made), Attributes: map[string]any{"namespace": namespace}})
	}
	return records
}

func estimate(t *testing.T, records []plog.LogRecord) (count float64) {
	for _, rec := range records {
		tvalue, ok := rec.Attributes().Get(decision.ThresholdAttribute)
		if !ok {
			count++
			continue
		}
		threshold, err := sampling.TValueToThreshold(tvalue.Str())
		require.NoError(t, err)
		count += threshold.AdjustedCount()
	}
	return count
}

func TestLogRecordsHaveBudgets(t *testing.T) { // B2, B3, B5, B9
	for name, logs := range map[string]map[string]any{
		"of a namespace": {"namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 200}}},
		"of a pattern":   {"namespaces": map[string]any{"ana*": map[string]any{"items_per_second": 200}}},
		"shared":         {"budget": map[string]any{"items_per_second": 200}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := samplertest.Start(t, map[string]any{"budgets": map[string]any{"interval": "1s"}, "sample_rate": 0, "logs": logs})
				made := uint64(0)
				second := func(n int) []plog.LogRecord {
					defer func() {
						time.Sleep(time.Second)
						synctest.Wait()
					}()
					return s.ConsumeLogs(samplertest.LogsOf(t, spreadRecords("analytics", n, &made)...))
				}
				burst := second(20_000)
				assert.Greater(t, len(burst), 300)
				assert.LessOrEqual(t, len(burst), 800, "the guard lowers the rate within a batch")
				assert.InEpsilon(t, 20_000, estimate(t, burst), 0.2)
				for range 3 {
					kept := second(20_000)
					assert.InDelta(t, 200, len(kept), 10)
					assert.InEpsilon(t, 20_000, estimate(t, kept), 0.05)
				}
				assert.Len(t, s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID})), 0, "spans have none")
			})
		})
	}
}

// The budget of log records is theirs alone, and so wins over the rate of the trace.
func TestABudgetForLogRecordsReplacesTheRateOfTheTrace(t *testing.T) { // L3, B2
	synctest.Test(t, func(t *testing.T) {
		s := samplertest.Start(t, map[string]any{
			"budgets": map[string]any{"interval": "1s"}, "tracing": map[string]any{"namespaces": map[string]any{"analytics": 1}},
			"logs": map[string]any{"namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 10}}},
		})
		made := uint64(0)
		for range 3 {
			records := spreadRecords("analytics", 1000, &made)
			for i := range records {
				s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: records[i].ID, Attributes: map[string]any{"namespace": "analytics"}}))
			}
			s.ConsumeLogs(samplertest.LogsOf(t, records...))
			time.Sleep(time.Second)
			synctest.Wait()
		}
		assert.InDelta(t, 0.01, s.Gauges("budget_sample_rate")["analytics logs"], 1e-6)
		assert.InDelta(t, 1000, s.Gauges("budget_arrivals")["analytics logs"], 1e-6)
		assert.EqualValues(t, 1, s.Counts("budget_guarded_intervals")["logs"])
	})
}
