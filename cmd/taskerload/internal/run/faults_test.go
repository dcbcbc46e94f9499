// SPDX-License-Identifier: Apache-2.0

package run

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// A rate that is slightly too high keeps items that it should not.
func TestASpanTooManyFailsTheRun(t *testing.T) {
	t.Parallel()
	var extra once
	f := &fakeCollector{}
	dropped := firstDropped(t)
	f.spoilTraces = func(request ptrace.Traces) {
		extra.mu.Lock()
		defer extra.mu.Unlock()
		if !extra.done {
			extra.done = true
			dropped.CopyTo(request.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty())
		}
	}
	r, report := runAgainst(t, f)
	assertOneFault(t, r, "spans: exactly|traces: every trace|log records: of a trace", report)
	assert.Contains(t, report, "1 unexpected")
}

// firstDropped returns a span of the first request, which is sent before anything can arrive.
func firstDropped(t *testing.T) ptrace.Span {
	t.Helper()
	processor, err := config.Read("../../../../testdata/demo.yaml")
	require.NoError(t, err)
	tasks := workload.NewTasks(smallSizes.Seed, smallSizes.Tasks)
	o := newOracle(processor, tasks)
	for requests := range workload.SpanRounds(tasks, smallSizes, time.Now()) {
		for request := range requests {
			outcomes := o.Spans(request).Spans
			for s := range items.Spans(request) {
				if !outcomes[0].Keep {
					return s.Span
				}
				outcomes = outcomes[1:]
			}
		}
	}
	t.Fatal("everything is kept")
	return ptrace.Span{}
}

func TestACollectorThatMiscountsFailsTheRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(*fakeCollector)
		says  string
	}{
		"one too many in each request": {
			func(f *fakeCollector) { f.count("spans", ordersByExact, 1) },
			"FAIL  counters: every item is counted once, under its namespace, decision and rule: 6 wrong",
		},
		"under another rule": {
			func(f *fakeCollector) {
				f.count("spans", ordersByExact, 1)
				f.count("spans", ordersByTrace, -1)
			},
			"spans orders kept by trace: -6 for",
		},
		"a lookup too many in each request": {
			func(f *fakeCollector) { f.lookUp(oracle.Keys{"for nothing": true}) },
			"FAIL  counters: exactly the keys that can matter are looked up: 6 wrong",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeCollector{}
			f.spoilTraces = func(ptrace.Traces) { test.spoil(f) }
			r, report := runAgainst(t, f)
			assert.False(t, r.Passed())
			assert.Contains(t, report, test.says)
		})
	}
}

// A collector that remembers the traces of an earlier run may count under other rules and need fewer lookups.
func TestACollectorThatWasInUseIsNotHeldToItsRules(t *testing.T) {
	t.Parallel()
	f := &fakeCollector{}
	f.count("spans", ordersByExact, 1)
	f.spoilTraces = func(ptrace.Traces) {
		f.count("spans", ordersByExact, 1)
		f.count("spans", ordersByTrace, -1)
	}
	r, report := runAgainst(t, f)
	assert.True(t, r.Passed(), report)
	assert.Contains(t, report, "ok    counters: every item is counted once\n")
}

func TestACollectorThatDecidesSpansOneByOneFailsTheRun(t *testing.T) {
	t.Parallel()
	processor, err := config.Read("../../../../testdata/demo.yaml",
		config.Setting{Key: "tracing::sampler", Value: config.TraceIDRatio}, config.Setting{Key: "tracing::always_keep_traces", Value: "[]"})
	require.NoError(t, err)
	r, report := runAgainst(t, &fakeCollector{oracle: newOracle(processor, workload.NewTasks(smallSizes.Seed, smallSizes.Tasks))})
	assert.False(t, r.Passed())
	assert.Contains(t, report, "FAIL  spans: exactly")
	assert.Contains(t, report, "FAIL  traces: every trace that is kept is complete")
}
