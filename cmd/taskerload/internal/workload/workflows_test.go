// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

var someWorkflows = Sizes{Workflows: 400, Seed: 1}

func TestAWorkflowIsThreeToEightTasksAndATenthAreInSeveralNamespaces(t *testing.T) {
	t.Parallel()
	sizes, namespaces, roots := map[string]int{}, map[string]map[string]bool{}, map[string]int{}
	for _, task := range someWorkflows.NewTasks() {
		id := task.CorrelationID
		sizes[id]++
		if namespaces[id] == nil {
			namespaces[id] = map[string]bool{}
		}
		namespaces[id][task.Namespace] = true
		if task.ParentCorrelationID == "" {
			roots[id]++
		}
	}
	require.Len(t, sizes, 400)
	counts, nested := map[int]int{}, 0
	for id, n := range sizes {
		counts[n]++
		assert.Equal(t, 1, roots[id])
		if len(namespaces[id]) > 1 {
			nested++
		}
	}
	assert.Len(t, counts, 6)
	for n := range counts {
		assert.GreaterOrEqual(t, n, 3)
		assert.LessOrEqual(t, n, 8)
	}
	assert.InDelta(t, 36, nested, 20)
}

// Only the correlation ID connects the traces of a workflow, and half of the spans do not carry it.
func TestATraceIsAboutOneTaskAndComesInOneRequest(t *testing.T) {
	t.Parallel()
	tasks := someWorkflows.NewTasks()
	byKey, namespaces := map[string]string{}, map[string]string{}
	for _, task := range tasks {
		byKey[task.UUID], namespaces[task.UUID] = task.UUID, task.Namespace
		for _, step := range task.Steps {
			byKey[step] = task.UUID
		}
	}
	type one struct{ task, workflow, namespace string }
	traces, requests := map[pcommon.TraceID]*one{}, map[pcommon.TraceID]int{}
	spans, correlated, bare, number := 0, 0, 0, 0
	for round := range SpanRounds(tasks, someWorkflows, testStart) {
		for request := range round {
			number++
			for s := range items.Spans(request) {
				spans++
				if requests[s.TraceID()] == 0 {
					requests[s.TraceID()], traces[s.TraceID()] = number, &one{}
				}
				require.Equal(t, number, requests[s.TraceID()])
				if !carriesNamespaceOrKey(s, anyValue) {
					bare++
				}
				in := traces[s.TraceID()]
				same := func(known *string, value string) {
					require.Contains(t, []string{"", value}, *known, s.Name())
					*known = value
				}
				for _, key := range []string{"task_uuid", "step_uuid", "workflow_step_uuid"} {
					if v, ok := s.Attributes().Get(key); ok && isUUID(v.Str()) {
						same(&in.task, byKey[v.Str()])
						same(&in.namespace, namespaces[in.task])
					}
				}
				if v, ok := s.Attributes().Get("correlation_id"); ok {
					correlated++
					same(&in.workflow, v.Str())
				}
				for _, named := range []string{named(s.Attributes()), named(s.Resource)} {
					if named != "" {
						same(&in.namespace, named)
					}
				}
			}
		}
	}
	workflows, uncorrelated := map[string]int{}, 0
	for _, in := range traces {
		if in.workflow == "" {
			uncorrelated++
			continue
		}
		workflows[in.workflow]++
	}
	assert.Len(t, workflows, 400)
	for _, n := range workflows {
		assert.Greater(t, n, 6)
	}
	assert.Greater(t, uncorrelated, 500, "traces whose workflow only Postgres knows")
	assert.InDelta(t, 0.47, float64(correlated)/float64(spans), 0.05)
	assert.InDelta(t, 0.23, float64(bare)/float64(spans), 0.05)
}

func TestTheSeriesOfAWorkflowCarryItsCorrelationID(t *testing.T) {
	t.Parallel()
	tasks := someWorkflows.NewTasks()
	points, names, workflows := 0, map[string]bool{}, map[string]bool{}
	for request := range PointRequests(tasks, someWorkflows, testStart) {
		for p := range items.Points(request) {
			id, ok := p.Attributes.Get("correlation_id")
			require.True(t, ok)
			points++
			names[p.Metric.Name()], workflows[id.Str()] = true, true
		}
	}
	assert.Len(t, workflows, 400)
	assert.Len(t, names, len(perRequest))
	assert.Greater(t, points, 2*400*len(perRequest))
}

func TestSomeTracesOfWorkflowsCarryDecisionsOfOtherSamplers(t *testing.T) {
	t.Parallel()
	states := map[string]int{}
	for round := range SpanRounds(someWorkflows.NewTasks(), someWorkflows, testStart) {
		for request := range round {
			for s := range items.Spans(request) {
				kind, _, _ := strings.Cut(s.TraceState().AsRaw(), ":")
				states[kind]++
			}
		}
	}
	assert.Positive(t, states["ot=th"])
	assert.Positive(t, states["congo=t61"])
	assert.Greater(t, states["ot=rv"], 500, "of a first tier that keeps whole workflows")
	assert.Greater(t, states[""], 20*states["ot=rv"])
}
