// SPDX-License-Identifier: Apache-2.0

package run

import (
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

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/report"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

var smallSizes = workload.Sizes{Spans: 6000, DataPoints: 3000, Series: 1500, Records: 2500, Tasks: 600, Seed: 1}

// fewWorkflows are enough for workflows of every kind.
const fewWorkflows = 150

// runAgainst sends a small load through the fake collector and returns the result and the report.
func runAgainst(t *testing.T, f *fakeCollector) (*report.Run, string) {
	t.Helper()
	return runSizes(t, f, smallSizes)
}

func runSizes(t *testing.T, f *fakeCollector, s workload.Sizes, settings ...config.Setting) (*report.Run, string) {
	t.Helper()
	processor, err := config.Read("../../../../testdata/demo.yaml", settings...)
	require.NoError(t, err)
	tasks := s.NewTasks()
	if f.oracle == nil {
		f.oracle = newOracle(processor, tasks)
	}
	own := httptest.NewServer(f)
	t.Cleanup(own.Close)
	in, out := listen(t), listen(t)
	require.NoError(t, f.start(in, out.Addr().String()))
	t.Cleanup(f.stop)

	// The fake collector exports a request before it answers it, so nothing arrives after the last answer and there is no
	// need to wait for anything.
	r := Runner{
		Processor: processor, Sizes: s, Tasks: tasks,
		Endpoint: in.Addr().String(), Listener: out, MetricsURL: own.URL, Quiet: time.Millisecond, Progress: io.Discard,
	}
	got, err := r.Run(t.Context())
	require.NoError(t, err)
	text, _ := report.Single(got)
	return got, text
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
		hold    string
		cut     bool
		title   string
		checks  int
	}{
		{config.ParentBased, "0s", false, "parent_based", 21},
		{config.ParentBased, "0s", true, "parent_based, cut", 18},
		{config.ParentBased, "1h", false, "parent_based, hold", 23},
		{config.ParentBased, "1h", true, "parent_based, cut, hold", 20},
		{config.TraceIDRatio, "0s", false, "trace_id_ratio", 18},
		{config.TraceIDRatio, "0s", true, "trace_id_ratio, cut", 18},
	} {
		t.Run(test.title, func(t *testing.T) {
			t.Parallel()
			s := smallSizes
			s.Cut = test.cut
			settings := []config.Setting{{Key: "tracing::sampler", Value: test.sampler}, {Key: "tracing::hold::wait", Value: test.hold}}
			if test.sampler == config.TraceIDRatio {
				settings = append(settings, config.Setting{Key: "tracing::always_keep_traces", Value: "[]"})
			}
			r, report := runSizes(t, &fakeCollector{}, s, settings...)
			assert.True(t, r.Passed(), report)
			assert.Contains(t, report, fmt.Sprintf("run passed: %d checks", test.checks))
			assert.Contains(t, report, "\n  "+test.title+" ")
			assert.Contains(t, report, " hit, ")
			assert.NotContains(t, report, "FAIL")
			for _, label := range []string{"payments", "shipping", oracle.LabelUnknown, oracle.LabelNotSampled} {
				assert.Contains(t, report, label)
			}
		})
	}
}

func carriesLookupAttribute(attributes pcommon.Map) bool {
	for _, name := range []string{"task_uuid", "step_uuid", "workflow_step_uuid", "correlation_id"} {
		if _, ok := attributes.Get(name); ok {
			return true
		}
	}
	return false
}

var (
	ordersByExact = oracle.Counter{Namespace: "orders", Decision: "kept", Rule: oracle.RuleExact}
	ordersByTrace = oracle.Counter{Namespace: "orders", Decision: "kept", Rule: oracle.RuleTrace}
)

// once corrupts the first item for which that is possible.
type once struct {
	mu   sync.Mutex
	done bool
}

// span calls spoil for one item after another until it returns true.
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
		"missing": {"spans: exactly|traces: every trace", func(all ptrace.SpanSlice, one ptrace.Span) bool {
			if !strings.HasPrefix(one.TraceState().AsRaw(), "ot=th:e") {
				return false // its trace may be one that fails, which is checked too
			}
			id := one.SpanID()
			all.RemoveIf(func(s ptrace.Span) bool { return s.SpanID() == id })
			return true
		}},
		"twice": {"nothing arrived twice", func(all ptrace.SpanSlice, one ptrace.Span) bool {
			one.CopyTo(all.AppendEmpty())
			return true
		}},
		"never sent": {"spans: exactly", func(all ptrace.SpanSlice, _ ptrace.Span) bool {
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
		"namespace not written": {"spans: resolved and inherited namespaces", func(_ ptrace.SpanSlice, one ptrace.Span) bool {
			return one.Name() == "step.discovery" && one.Attributes().Remove(items.NamespaceAttribute)
		}},
		"another namespace": {"spans: resolved and inherited namespaces", func(_ ptrace.SpanSlice, one ptrace.Span) bool {
			one.Attributes().PutStr(items.NamespaceAttribute, "somebody")
			return true
		}},
		"attribute lost": {"spans: resolved and inherited namespaces", func(_ ptrace.SpanSlice, one ptrace.Span) bool {
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
		"missing": {"data points: exactly", func(all pmetric.NumberDataPointSlice, one pmetric.NumberDataPoint) bool {
			if _, ok := one.Attributes().Get("correlation_id"); !ok {
				return false
			}
			all.RemoveIf(func(p pmetric.NumberDataPoint) bool { return p == one })
			return true
		}},
		"missing of those that pass": {"data points: metrics that are not sampled", func(all pmetric.NumberDataPointSlice, one pmetric.NumberDataPoint) bool {
			if v, _ := items.Namespace(one.Attributes()); v != "unknown" || one.Attributes().Len() != 3 || carriesLookupAttribute(one.Attributes()) {
				return false
			}
			all.RemoveIf(func(p pmetric.NumberDataPoint) bool { return p == one })
			return true
		}},
		"twice": {"nothing arrived twice", func(all pmetric.NumberDataPointSlice, one pmetric.NumberDataPoint) bool {
			one.CopyTo(all.AppendEmpty())
			return true
		}},
		"never sent": {"data points: exactly", func(all pmetric.NumberDataPointSlice, one pmetric.NumberDataPoint) bool {
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
			_, written := items.Namespace(one.Attributes())
			if !written || !carriesLookupAttribute(one.Attributes()) || one.Attributes().Len() != 2 {
				return false // not one that came with correlation_id alone
			}
			one.Attributes().PutStr(items.NamespaceAttribute, "somebody")
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

// assertOneFault asserts that exactly those checks fail, with one fault each, whose names have one of the prefixes,
// separated by |.
func assertOneFault(t *testing.T, r *report.Run, begin, report string) {
	t.Helper()
	assert.False(t, r.Passed())
	names := strings.Split(begin, "|")
	for _, c := range r.Checks() {
		want := 0
		if slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(c.Name, name) }) {
			want = 1
		}
		assert.Equal(t, want, c.Faults, "%s\n%s", c.Name, report)
	}
	assert.Contains(t, report, fmt.Sprintf("run FAILED: %d of 21 checks", len(names)))
	assert.Contains(t, report, "e.g.")
	assert.Contains(t, report, "look at:")
}
