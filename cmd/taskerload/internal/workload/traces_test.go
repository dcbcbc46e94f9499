// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

var testStart = time.Date(2026, time.June, 2, 12, 0, 0, 0, time.UTC)

func spansOf(tasks []Task, n int, start time.Time) iter.Seq[items.Span] {
	return func(yield func(items.Span) bool) {
		for request := range wholeTraces(newTraces(tasks, 1, n, start)) {
			for s := range items.Spans(request) {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// named returns the namespace in the attributes, unless it is a missing value.
func named(attributes pcommon.Map) string {
	if name, _ := items.Namespace(attributes); name != unknownNamespace {
		return name
	}
	return ""
}

// carriesNamespaceOrKey reports whether a span has a namespace or a value that qualifies as a lookup key.
func carriesNamespaceOrKey(s items.Span, qualifies func(string) bool) bool {
	for _, key := range []string{"task_uuid", "step_uuid", "workflow_step_uuid", "correlation_id"} {
		if v, ok := s.Attributes().Get(key); ok && qualifies(v.Str()) {
			return true
		}
	}
	return named(s.Attributes()) != "" || named(s.Resource) != ""
}

func anyValue(string) bool { return true }

func isUUID(value string) bool { return len(value) == 36 }

func TestIdentifiersDoNotDependOnTheTimeOfTheRun(t *testing.T) {
	t.Parallel()
	ids := func(start time.Time) (ids []string) {
		for s := range spansOf(NewTasks(1, 50), 500, start) {
			ids = append(ids, s.TraceID().String()+s.SpanID().String()+fmt.Sprint(s.Attributes().AsRaw()))
		}
		return ids
	}
	assert.Equal(t, ids(testStart), ids(testStart.Add(time.Hour)))
}

func TestSpansCarryWhatTaskerPutsOnThem(t *testing.T) {
	t.Parallel()
	sql, queue := []string{"db.operation.name", "db.system.name"}, []string{"messaging.destination.name", "messaging.system"}
	http := []string{"http.request.method", "server.address"}
	want := map[string][]string{
		"task.orchestration":           {"correlation_id", "namespace", "task_uuid"},
		"task.state_transition":        {"correlation_id", "from_state", "task_uuid", "to_state"},
		"step.discovery":               {"task_uuid"},
		"step.enqueuing":               {"task_uuid"},
		"result.evaluation":            {"task_uuid"},
		"step.execution":               {"correlation_id", "namespace", "step_name", "step_uuid", "task_uuid"},
		"step.state_transition":        {"from_state", "named_step_uuid", "step_uuid", "task_uuid", "to_state"},
		"handler.execution":            {"handler_name", "namespace"},
		"result.submission":            {"correlation_id", "step_uuid"},
		"result.processing":            {"correlation_id", "step_uuid"},
		"batch.cursor":                 {"workflow_step_uuid"},
		"GET":                          http,
		"POST":                         http,
		"SELECT tasker.tasks":          sql,
		"SELECT tasker.workflow_steps": sql,
		"UPDATE tasker.tasks":          sql,
		"UPDATE tasker.workflow_steps": sql,
		"send tasker_steps":            queue,
		"send tasker_step_results":     queue,
	}
	seen := map[string]bool{}
	for s := range spansOf(NewTasks(1, 1000), 20_000, testStart) {
		keys := slices.Sorted(maps.Keys(s.Attributes().AsRaw()))
		keys = slices.DeleteFunc(keys, func(key string) bool { return key == "parent_correlation_id" })
		wanted, ok := want[s.Name()]
		if named(s.Resource) != "" {
			wanted = slices.DeleteFunc(slices.Clone(wanted), func(key string) bool { return key == "namespace" })
		}
		if ok {
			require.Equal(t, wanted, keys, s.Name())
		} else {
			require.Equal(t, "batch.processing", s.Name())
			require.Contains(t, [][]string{{"step_uuid", "task_uuid"}, {"task_uuid", "workflow_step_uuid"}}, keys)
		}
		seen[s.Name()] = true
	}
	assert.Len(t, seen, len(want)+1, "every kind of span occurs")
}

func TestEveryTraceHasTwentySpansEightOfThemOutgoingCalls(t *testing.T) {
	t.Parallel()
	type shape struct{ spans, calls int }
	shapes := map[pcommon.TraceID]shape{}
	for s := range spansOf(NewTasks(1, 1000), 20_000, testStart) {
		c := shapes[s.TraceID()]
		c.spans++
		if !carriesNamespaceOrKey(s, anyValue) {
			c.calls++
		}
		shapes[s.TraceID()] = c
	}
	assert.Len(t, shapes, 1000)
	for id, c := range shapes {
		require.Equal(t, shape{20, 8}, c, id)
	}
}

func TestRootsMostlyNameTheirNamespaceAndSomeSpansAnother(t *testing.T) {
	t.Parallel()
	roots, unnamed := map[pcommon.TraceID]string{}, 0
	others := map[pcommon.TraceID]bool{}
	for s := range spansOf(NewTasks(1, 1000), 20_000, testStart) {
		if s.ParentSpanID().IsEmpty() {
			roots[s.TraceID()] = named(s.Attributes())
			if roots[s.TraceID()] == "" {
				unnamed++
			}
		}
	}
	for s := range spansOf(NewTasks(1, 1000), 20_000, testStart) {
		name, root := named(s.Attributes()), roots[s.TraceID()]
		if name != "" && root != "" && name != root {
			others[s.TraceID()] = true
		}
	}
	assert.Len(t, roots, 1000)
	assert.InDelta(t, 40, unnamed, 25)
	assert.InDelta(t, 50, len(others), 35, "traces that tell of a child in another namespace")
}

func TestSpanIDsAreUniqueAndSpansEndBeforeTheirParents(t *testing.T) {
	t.Parallel()
	byID := map[pcommon.SpanID]ptrace.Span{}
	var all []ptrace.Span
	for s := range spansOf(NewTasks(1, 300), 4000, testStart) {
		require.NotContains(t, byID, s.SpanID())
		byID[s.SpanID()] = s.Span
		all = append(all, s.Span)
	}
	roots := 0
	for _, s := range all {
		if s.ParentSpanID().IsEmpty() {
			roots++
			assert.Equal(t, "task.orchestration", s.Name())
			continue
		}
		parent, ok := byID[s.ParentSpanID()]
		require.True(t, ok)
		require.Equal(t, s.TraceID(), parent.TraceID())
		require.Greater(t, s.StartTimestamp(), parent.StartTimestamp())
		require.Less(t, s.EndTimestamp(), parent.EndTimestamp())
	}
	assert.Equal(t, 200, roots)
}
