// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var smallSizes = sizes{spans: 6000, datapoints: 3000, series: 1500, tasks: 600, seed: 1}

// runAgainst sends a small load through the fake collector and returns its report.
func runAgainst(t *testing.T, f *fakeCollector) (*result, string) {
	t.Helper()
	return runSizes(t, f, smallSizes)
}

func runSizes(t *testing.T, f *fakeCollector, s sizes, settings ...setting) (*result, string) {
	t.Helper()
	config, err := readConfig("../../testdata/demo.yaml", settings...)
	require.NoError(t, err)
	tasks := newTasks(s.seed, s.tasks)
	if f.oracle == nil {
		f.oracle = newOracle(config, tasks)
	}
	own := httptest.NewServer(f)
	t.Cleanup(own.Close)
	in, out := listen(t), listen(t)
	require.NoError(t, f.start(in, out.Addr().String()))
	t.Cleanup(f.stop)

	r := runner{
		title: s.title(config.sampler()), sizes: s, oracle: newOracle(config, tasks), tasks: tasks,
		endpoint: in.Addr().String(), listener: out, metricsURL: own.URL, quiet: 3 * time.Second, progress: io.Discard,
	}
	got, err := r.run(t.Context())
	require.NoError(t, err)
	var report bytes.Buffer
	printReport(&report, got)
	printChecks(&report, got.checks, got)
	printOutcome(&report, "run", got.checks)
	return got, report.String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

func TestACollectorThatDoesItRightPasses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sampler string
		cut     bool
		title   string
		checks  int
	}{
		{parentBased, false, "parent_based", 11},
		{parentBased, true, "parent_based, cut", 10},
		{traceIDRatio, false, "trace_id_ratio", 10},
		{traceIDRatio, true, "trace_id_ratio, cut", 10},
	} {
		t.Run(test.title, func(t *testing.T) {
			t.Parallel()
			s := smallSizes
			s.cut = test.cut
			r, report := runSizes(t, &fakeCollector{}, s, setting{"tracing::sampler", test.sampler})
			assert.True(t, r.passed(), report)
			assert.Contains(t, report, fmt.Sprintf("run passed: %d checks", test.checks))
			assert.Contains(t, report, test.title+"\n")
			assert.Contains(t, report, " hit, ")
			assert.NotContains(t, report, "FAIL")
			for _, label := range []string{"payments", "shipping", labelUnknown, labelPassed} {
				assert.Contains(t, report, label)
			}
		})
	}
}

// once spoils the first item that it can, whatever request that is in.
type once struct {
	mu   sync.Mutex
	done bool
}

// span calls spoil for one item after another until it says that it did something.
func (o *once) span(spoil func(ptrace.SpanSlice, ptrace.Span) bool) func(ptrace.Traces) {
	return func(request ptrace.Traces) {
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, resource := range request.ResourceSpans().All() {
			for _, scope := range resource.ScopeSpans().All() {
				for i := 0; i < scope.Spans().Len() && !o.done; i++ {
					o.done = spoil(scope.Spans(), scope.Spans().At(i))
				}
			}
		}
	}
}

func (o *once) sumPoint(spoil func(pmetric.NumberDataPointSlice, pmetric.NumberDataPoint) bool) func(pmetric.Metrics) {
	return func(request pmetric.Metrics) {
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, resource := range request.ResourceMetrics().All() {
			for _, metric := range resource.ScopeMetrics().At(0).Metrics().All() {
				if metric.Type() != pmetric.MetricTypeSum {
					continue
				}
				points := metric.Sum().DataPoints()
				for i := 0; i < points.Len() && !o.done; i++ {
					o.done = spoil(points, points.At(i))
				}
			}
		}
	}
}

func TestOneWrongSpanFailsTheRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		check string
		spoil func(ptrace.SpanSlice, ptrace.Span) bool
	}{
		"missing": {"spans: those kept|traces: all of which", func(all ptrace.SpanSlice, one ptrace.Span) bool {
			id := one.SpanID()
			all.RemoveIf(func(s ptrace.Span) bool { return s.SpanID() == id })
			return true
		}},
		"twice": {"nothing arrived twice", func(all ptrace.SpanSlice, one ptrace.Span) bool {
			one.CopyTo(all.AppendEmpty())
			return true
		}},
		"never sent": {"spans: those kept", func(all ptrace.SpanSlice, _ ptrace.Span) bool {
			all.AppendEmpty().SetSpanID(pcommon.SpanID{1, 2, 3})
			return true
		}},
		"tracestate not stamped": {"spans: every tracestate", func(_ ptrace.SpanSlice, one ptrace.Span) bool {
			if !strings.HasPrefix(one.TraceState().AsRaw(), "ot=th:") {
				return false
			}
			one.TraceState().FromRaw("")
			return true
		}},
		"tracestate of another rate": {"spans: every tracestate", func(_ ptrace.SpanSlice, one ptrace.Span) bool {
			if !strings.HasPrefix(one.TraceState().AsRaw(), "ot=th:") {
				return false
			}
			one.TraceState().FromRaw(one.TraceState().AsRaw() + "1")
			return true
		}},
		"tracestate touched at rate 1": {"spans: every tracestate", func(_ ptrace.SpanSlice, one ptrace.Span) bool {
			if one.TraceState().AsRaw() != "" {
				return false
			}
			one.TraceState().FromRaw("ot=th:0")
			return true
		}},
		"namespace not written": {"spans: resolved namespaces", func(_ ptrace.SpanSlice, one ptrace.Span) bool {
			return one.Name() == "step.discovery" && one.Attributes().Remove(namespaceAttribute)
		}},
		"another namespace": {"spans: resolved namespaces", func(_ ptrace.SpanSlice, one ptrace.Span) bool {
			one.Attributes().PutStr(namespaceAttribute, "somebody")
			return true
		}},
		"attribute lost": {"spans: resolved namespaces", func(_ ptrace.SpanSlice, one ptrace.Span) bool {
			return one.Attributes().Remove("task_uuid")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, report := runAgainst(t, &fakeCollector{spoilTraces: new(once).span(test.spoil)})
			assertOneFault(t, r, test.check, report)
		})
	}
}

func TestOneWrongDataPointFailsTheRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		check string
		spoil func(pmetric.NumberDataPointSlice, pmetric.NumberDataPoint) bool
	}{
		"missing": {"data points: those kept", func(all pmetric.NumberDataPointSlice, one pmetric.NumberDataPoint) bool {
			if _, ok := one.Attributes().Get("correlation_id"); !ok {
				return false
			}
			all.RemoveIf(func(p pmetric.NumberDataPoint) bool { return p == one })
			return true
		}},
		"missing of those that pass": {"data points: metrics that no rate", func(all pmetric.NumberDataPointSlice, one pmetric.NumberDataPoint) bool {
			if v, _ := stringAttribute(one.Attributes()); v != "unknown" || one.Attributes().Len() != 3 || carriesLookup(one.Attributes()) {
				return false
			}
			all.RemoveIf(func(p pmetric.NumberDataPoint) bool { return p == one })
			return true
		}},
		"twice": {"nothing arrived twice", func(all pmetric.NumberDataPointSlice, one pmetric.NumberDataPoint) bool {
			one.CopyTo(all.AppendEmpty())
			return true
		}},
		"never sent": {"data points: those kept", func(all pmetric.NumberDataPointSlice, one pmetric.NumberDataPoint) bool {
			one.CopyTo(all.AppendEmpty())
			all.At(all.Len()-1).Attributes().PutStr("pod", "p-1")
			return true
		}},
		"rescaled": {"data points: every value", func(_ pmetric.NumberDataPointSlice, one pmetric.NumberDataPoint) bool {
			one.SetIntValue(one.IntValue() * 10)
			return true
		}},
		"another start": {"data points: every value", func(_ pmetric.NumberDataPointSlice, one pmetric.NumberDataPoint) bool {
			one.SetStartTimestamp(one.StartTimestamp() + 1)
			return true
		}},
		"another namespace": {"data points: resolved namespaces", func(_ pmetric.NumberDataPointSlice, one pmetric.NumberDataPoint) bool {
			_, written := stringAttribute(one.Attributes())
			if !written || !carriesLookup(one.Attributes()) || one.Attributes().Len() != 2 {
				return false // not one that came with correlation_id alone
			}
			one.Attributes().PutStr(namespaceAttribute, "somebody")
			return true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, report := runAgainst(t, &fakeCollector{spoilMetrics: new(once).sumPoint(test.spoil)})
			assertOneFault(t, r, test.check, report)
		})
	}
}

// assertOneFault says that just those checks fail whose names begin like this, | between them.
func assertOneFault(t *testing.T, r *result, begin, report string) {
	t.Helper()
	assert.False(t, r.passed())
	names := strings.Split(begin, "|")
	for _, c := range r.checks {
		want := 0
		if slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(c.name, name) }) {
			want = 1
		}
		assert.Equal(t, want, c.faults, "%s\n%s", c.name, report)
	}
	assert.Contains(t, report, fmt.Sprintf("run FAILED: %d of 11 checks", len(names)))
	assert.Contains(t, report, "e.g.")
	assert.Contains(t, report, "look at:")
}

// A rate that is a little off keeps what it should not: nothing else tells.
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
	assertOneFault(t, r, "spans: those kept|traces: all of which", report)
	assert.Contains(t, report, "1 unexpected")
}

// firstDropped is a span of the first request: it is sent before anything can arrive.
func firstDropped(t *testing.T) ptrace.Span {
	t.Helper()
	config, err := readConfig("../../testdata/demo.yaml")
	require.NoError(t, err)
	tasks := newTasks(smallSizes.seed, smallSizes.tasks)
	o := newOracle(config, tasks)
	for request := range wholeTraces(newTraces(tasks, smallSizes.seed, smallSizes.spans, time.Now())) {
		outcomes, _ := o.spans(request)
		for s := range spansIn(request) {
			if !outcomes[0].keep {
				return s.span
			}
			outcomes = outcomes[1:]
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
			func(f *fakeCollector) { f.count("spans", count{"orders", "kept", ruleExact}, 1) },
			"FAIL  the collector counted every item once, under its namespace, decision and rule: 6 wrong",
		},
		"under another rule": {
			func(f *fakeCollector) {
				f.count("spans", count{"orders", "kept", ruleExact}, 1)
				f.count("spans", count{"orders", "kept", ruleTrace}, -1)
			},
			"spans orders kept by trace: -6 for",
		},
		"a lookup too many in each request": {
			func(f *fakeCollector) { f.lookUp(keySet{"for nothing": true}) },
			"FAIL  the collector looked up exactly the keys that can matter: 6 wrong",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeCollector{}
			f.spoilTraces = func(ptrace.Traces) { test.spoil(f) }
			r, report := runAgainst(t, f)
			assert.False(t, r.passed())
			assert.Contains(t, report, test.says)
		})
	}
}

// A rule or a lookup more or less is no fault in a collector that remembers the traces of the load from an earlier run.
func TestACollectorThatWasInUseIsNotHeldToItsRules(t *testing.T) {
	t.Parallel()
	f := &fakeCollector{}
	f.count("spans", count{"orders", "kept", ruleExact}, 1)
	f.spoilTraces = func(ptrace.Traces) {
		f.count("spans", count{"orders", "kept", ruleExact}, 1)
		f.count("spans", count{"orders", "kept", ruleTrace}, -1)
	}
	r, report := runAgainst(t, f)
	assert.True(t, r.passed(), report)
	assert.Contains(t, report, "ok    the collector counted every item once\n")
}

func TestACollectorThatDecidesSpansOneByOneFailsTheRun(t *testing.T) {
	t.Parallel()
	config, err := readConfig("../../testdata/demo.yaml", setting{"tracing::sampler", traceIDRatio})
	require.NoError(t, err)
	r, report := runAgainst(t, &fakeCollector{oracle: newOracle(config, newTasks(smallSizes.seed, smallSizes.tasks))})
	assert.False(t, r.passed())
	assert.Contains(t, report, "FAIL  spans: those kept")
	assert.Contains(t, report, "FAIL  traces: all of which anything is kept are complete")
}
