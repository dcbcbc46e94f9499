// SPDX-License-Identifier: Apache-2.0

package run

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/report"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

var byWorkflowSettings = []config.Setting{
	{Key: "consistent_by", Value: "[correlation_id]"}, {Key: "tracing::always_keep_traces", Value: "[]"},
}

func TestACollectorThatKeepsWholeWorkflowsPasses(t *testing.T) {
	t.Parallel()
	r, report := runSizes(t, &fakeCollector{}, workload.Sizes{Workflows: fewWorkflows, Seed: 1}, byWorkflowSettings...)
	assert.True(t, r.Passed(), report)
	assert.Greater(t, r.Spans.Overruled, 20, "spans about which another sampler has decided")
	assert.Contains(t, report, "run passed: 22 checks")
	assert.True(t, strings.HasPrefix(report, "\nWORKFLOWS"), report)
}

// The run fails if one span or data point of a workflow is missing, or a workflow is kept that must not be.
func TestOneWrongItemOfAWorkflowFailsTheRun(t *testing.T) {
	t.Parallel()
	isStamped := func(s ptrace.Span) bool { return strings.HasPrefix(s.TraceState().AsRaw(), "ot=rv:") }
	miscounts := &fakeCollector{}
	miscounts.spoilTraces = new(once).span(func(ptrace.SpanSlice, ptrace.Span) bool { miscounts.overruled.Add(1); return true })
	for name, test := range map[string]struct {
		f      *fakeCollector
		checks []string
	}{
		"a span is missing": {
			&fakeCollector{spoilTraces: new(once).span(func(all ptrace.SpanSlice, one ptrace.Span) bool {
				if !isStamped(one) {
					return false
				}
				id := one.SpanID()
				all.RemoveIf(func(s ptrace.Span) bool { return s.SpanID() == id })
				return true
			})},
			[]string{"spans: exactly the expected", "workflows: every one that is kept is complete"},
		},
		"a data point is missing": {
			&fakeCollector{spoilMetrics: new(once).sumPoint(func(all pmetric.NumberDataPointSlice, one pmetric.NumberDataPoint) bool {
				all.RemoveIf(func(p pmetric.NumberDataPoint) bool { return p == one })
				return true
			})},
			[]string{"data points: exactly the expected", "workflows: every one that is kept is complete"},
		},
		"an overruled span is counted twice": {miscounts, []string{"counters: exactly the spans are counted whose workflow"}},
		"the randomness is not written": {
			&fakeCollector{spoilTraces: new(once).span(func(_ ptrace.SpanSlice, one ptrace.Span) bool {
				if !isStamped(one) {
					return false
				}
				_, threshold, _ := strings.Cut(one.TraceState().AsRaw(), ";")
				one.TraceState().FromRaw("ot=" + threshold)
				return true
			})},
			[]string{"spans: every tracestate"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, text := runSizes(t, test.f, workload.Sizes{Workflows: fewWorkflows, Seed: 1}, byWorkflowSettings...)
			for _, name := range test.checks {
				i := slices.IndexFunc(r.Checks(), func(c report.Check) bool { return strings.HasPrefix(c.Name, name) })
				require.GreaterOrEqual(t, i, 0)
				assert.Equal(t, 1, r.Checks()[i].Faults, "%s\n%s", name, text)
			}
		})
	}
}

// A collector that decides by trace ID fails the checks of workflows.
func TestACollectorWithoutConsistentByKeepsFewWorkflowsWhole(t *testing.T) {
	t.Parallel()
	sizes := workload.Sizes{Workflows: fewWorkflows, Seed: 1}
	processor, err := config.Read("../../../../testdata/demo.yaml", byWorkflowSettings[1])
	require.NoError(t, err)
	r, report := runSizes(t, &fakeCollector{oracle: newOracle(processor, sizes.NewTasks())}, sizes, byWorkflowSettings...)
	assert.False(t, r.Passed())
	assert.Contains(t, report, "FAIL  workflows: every one that is kept is complete")
	assert.Contains(t, report, "FAIL  workflows: exactly those are kept that XXH64")
}
