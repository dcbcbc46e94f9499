// SPDX-License-Identifier: Apache-2.0

package run

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/report"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// record calls spoil for one log record after another until it returns true.
func (o *once) record(spoil func(plog.LogRecordSlice, plog.LogRecord) bool) func(plog.Logs) {
	return func(request plog.Logs) {
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, resource := range request.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for i := 0; i < scope.LogRecords().Len() && !o.done; i++ {
					o.done = spoil(scope.LogRecords(), scope.LogRecords().At(i))
				}
			}
		}
	}
}

func text(r plog.LogRecord, name string) string {
	v, ok := r.Attributes().Get(name)
	if !ok {
		return ""
	}
	return v.AsString()
}

func TestOneWrongRecordFailsTheRun(t *testing.T) {
	t.Parallel()
	isDrawn := func(r plog.LogRecord) bool {
		return r.TraceID().IsEmpty() && text(r, items.ThresholdAttribute) == "e666"
	}
	for name, test := range map[string]struct {
		check string
		spoil func(plog.LogRecordSlice, plog.LogRecord) bool
	}{
		"missing": {"log records: exactly|log records: of a trace", func(all plog.LogRecordSlice, one plog.LogRecord) bool {
			if one.TraceID().IsEmpty() || text(one, items.ThresholdAttribute) != "e666" || text(one, items.RandomnessAttribute) != "" {
				return false // its trace may fail, or another sampler have decided about it
			}
			id := text(one, items.RecordIDAttribute)
			all.RemoveIf(func(r plog.LogRecord) bool { return text(r, items.RecordIDAttribute) == id })
			return true
		}},
		"twice": {"nothing arrived twice", func(all plog.LogRecordSlice, one plog.LogRecord) bool {
			one.CopyTo(all.AppendEmpty())
			return true
		}},
		"never sent": {"log records: exactly", func(all plog.LogRecordSlice, _ plog.LogRecord) bool {
			all.AppendEmpty().Body().SetStr("out of nothing")
			return true
		}},
		"not stamped": {"log records: sampling.threshold", func(_ plog.LogRecordSlice, one plog.LogRecord) bool {
			return text(one, items.ThresholdAttribute) == "e666" && one.Attributes().Remove(items.ThresholdAttribute)
		}},
		"touched at rate 1": {"log records: sampling.threshold", func(_ plog.LogRecordSlice, one plog.LogRecord) bool {
			if text(one, items.ThresholdAttribute) != "" {
				return false
			}
			one.Attributes().PutStr(items.ThresholdAttribute, "0")
			return true
		}},
		"a draw that cannot be": {"log records: sampling.threshold", func(_ plog.LogRecordSlice, one plog.LogRecord) bool {
			if !isDrawn(one) {
				return false
			}
			one.Attributes().PutStr(items.RandomnessAttribute, "10000000000000")
			return true
		}},
		"a draw without a randomness": {"log records: sampling.threshold", func(_ plog.LogRecordSlice, one plog.LogRecord) bool {
			return isDrawn(one) && one.Attributes().Remove(items.RandomnessAttribute)
		}},
		"a drawn record is lost": {"counters: every item", func(all plog.LogRecordSlice, one plog.LogRecord) bool {
			if !isDrawn(one) {
				return false
			}
			id := text(one, items.RecordIDAttribute)
			all.RemoveIf(func(r plog.LogRecord) bool { return text(r, items.RecordIDAttribute) == id })
			return true
		}},
		"another namespace": {"log records: resolved", func(_ plog.LogRecordSlice, one plog.LogRecord) bool {
			one.Attributes().PutStr(items.NamespaceAttribute, "somebody")
			return true
		}},
		"attribute lost": {"log records: resolved", func(_ plog.LogRecordSlice, one plog.LogRecord) bool {
			return one.Attributes().Remove("task_uuid")
		}},
		"severity lost": {"log records: resolved", func(_ plog.LogRecordSlice, one plog.LogRecord) bool {
			one.SetSeverityNumber(plog.SeverityNumberUnspecified)
			return true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, report := runAgainst(t, &fakeCollector{spoilLogs: new(once).record(test.spoil)})
			assertFaults(t, r, test.check, report)
		})
	}
}

// assertFaults asserts that exactly those checks fail whose names have one of the prefixes, separated by |.
func assertFaults(t *testing.T, r *report.Run, begin, report string) {
	t.Helper()
	for _, c := range r.Checks() {
		want := slices.ContainsFunc(strings.Split(begin, "|"), func(name string) bool { return strings.HasPrefix(c.Name, name) })
		assert.Equal(t, want, c.Faults > 0, "%s\n%s", c.Name, report)
	}
}

// Each processor here does one thing otherwise than the rules for log records say.
func TestACollectorThatTakesRecordsOtherwiseFailsTheRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		f     *fakeCollector
		check string
	}{
		"does not know their traces": {withSettings(t, config.Setting{Key: "tracing::sampler", Value: config.TraceIDRatio},
			config.Setting{Key: "tracing::always_keep_traces", Value: "[]"}), "log records: of a trace that is kept all are kept"},
		"has another rate for logs": {withSettings(t, config.Setting{Key: "logs::sample_rate", Value: "0.2"}), "log records: exactly the expected ones"},
		"writes no namespaces":      {withSettings(t, config.Setting{Key: "namespace::inherit", Value: "false"}), "log records: resolved and inherited"},
		"has other thresholds":      {withSettings(t, config.Setting{Key: "tracing::sampling_precision", Value: "6"}), "log records: sampling.threshold"},
		"draws at another rate":     {&fakeCollector{drawsAt: 0.5}, "log records: as many of those that are drawn"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sizes := smallSizes
			sizes.Records = 6000
			r, report := runSizes(t, test.f, sizes)
			assert.False(t, r.Passed())
			assert.Contains(t, report, "FAIL  "+test.check)
		})
	}
}

func TestACollectorThatMiscountsRecordsFailsTheRun(t *testing.T) {
	t.Parallel()
	f := &fakeCollector{}
	f.spoilLogs = func(plog.Logs) {
		f.count("log_records", ordersByExact, 1)
		f.count("log_records", oracle.Counter{Namespace: "_none", Decision: "kept", Rule: oracle.RuleGlobal}, -1)
	}
	r, report := runAgainst(t, f)
	assert.False(t, r.Passed())
	assert.Contains(t, report, "FAIL  counters: every item is counted once, under its namespace, decision and rule: 6 wrong")
	assert.Contains(t, report, "log_records _none kept by global: -3 for")
}

func TestACollectorThatDoesNotCountFaultyStampsFailsTheRun(t *testing.T) { // T7, T8
	t.Parallel()
	for _, fault := range []string{oracle.FaultMalformed, oracle.FaultFalse} {
		f := &fakeCollector{}
		f.spoilLogs = func(plog.Logs) { f.countFault(fault) }
		r, report := runAgainst(t, f)
		assert.False(t, r.Passed())
		assert.Contains(t, report, "FAIL  counters: exactly the log records are counted whose stamps are malformed or false: 3 wrong")
	}
}

func TestARecordThatAWorkflowLacksFailsTheRun(t *testing.T) { // G6
	t.Parallel()
	f := &fakeCollector{spoilLogs: new(once).record(func(all plog.LogRecordSlice, one plog.LogRecord) bool {
		if !one.TraceID().IsEmpty() || text(one, "correlation_id") == "" {
			return false
		}
		id := text(one, items.RecordIDAttribute)
		all.RemoveIf(func(r plog.LogRecord) bool { return text(r, items.RecordIDAttribute) == id })
		return true
	})}
	r, text := runSizes(t, f, workload.Sizes{Workflows: fewWorkflows, Seed: 1}, byWorkflowSettings...)
	for _, name := range []string{"log records: exactly the expected", "workflows: every one that is kept is complete"} {
		i := slices.IndexFunc(r.Checks(), func(c report.Check) bool { return strings.HasPrefix(c.Name, name) })
		require.GreaterOrEqual(t, i, 0)
		assert.Equal(t, 1, r.Checks()[i].Faults, "%s\n%s", name, text)
	}
}

func TestWorkflowsWhoseTracesDoNotFitInTheProcessorsMemoryGetNoVerdict(t *testing.T) {
	t.Parallel()
	setting := config.Setting{Key: "tracing::trace_memory::max_traces", Value: "100"}
	processor, err := config.Read("../../../../testdata/demo.yaml", setting)
	require.NoError(t, err)
	sizes := workload.Sizes{Workflows: 20, Seed: 1}
	f := &fakeCollector{oracle: newOracle(processor, sizes.NewTasks())}
	in, out := listen(t), listen(t)
	require.NoError(t, f.start(in, out.Addr().String()))
	t.Cleanup(f.stop)
	r := Runner{Processor: processor, Sizes: sizes, Tasks: sizes.NewTasks(), Endpoint: in.Addr().String(), Listener: out, Progress: t.Output()}
	_, err = r.Run(t.Context())
	require.ErrorContains(t, err, "tracing::trace_memory::max_traces: must be at least")
}
