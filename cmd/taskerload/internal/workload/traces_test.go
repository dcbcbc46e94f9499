// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var testStart = time.Date(2026, time.June, 2, 12, 0, 0, 0, time.UTC)

func TestTheSameSeedMakesTheSameLoad(t *testing.T) {
	digest := func(seed uint64) string {
		h := sha256.New()
		tasks := newTasks(seed, 500)
		for request := range wholeTraces(newTraces(tasks, seed, 5000, testStart)) {
			b, err := new(ptrace.ProtoMarshaler).MarshalTraces(request)
			require.NoError(t, err)
			h.Write(b)
		}
		for request := range pointRequests(newSeries(tasks, seed, 700), 1400, testStart) {
			b, err := new(pmetric.ProtoMarshaler).MarshalMetrics(request)
			require.NoError(t, err)
			h.Write(b)
		}
		h.Write(fmt.Append(nil, tasks))
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	assert.Equal(t, digest(1), digest(1))
	assert.NotEqual(t, digest(1), digest(2))
}

func TestIdentifiersDoNotDependOnTheTimeOfTheRun(t *testing.T) {
	ids := func(start time.Time) (ids []string) {
		for s := range spansOf(newTasks(1, 50), 500, start) {
			ids = append(ids, s.span.TraceID().String()+s.span.SpanID().String()+fmt.Sprint(s.span.Attributes().AsRaw()))
		}
		return ids
	}
	assert.Equal(t, ids(testStart), ids(testStart.Add(time.Hour)))
}

func TestTheLoadHasExactlyTheSizesAskedFor(t *testing.T) {
	tasks := newTasks(1, 300)
	for _, n := range []int{0, 1, 7, 999, 1000, 1001, 12_345} {
		spans, points := 0, 0
		for request := range wholeTraces(newTraces(tasks, 1, n, testStart)) {
			spans += request.SpanCount()
			assert.LessOrEqual(t, request.SpanCount(), spansPerRequest+spansPerTrace)
		}
		for request := range pointRequests(newSeries(tasks, 1, 400), n, testStart) {
			points += request.DataPointCount()
			assert.LessOrEqual(t, request.DataPointCount(), pointsPerRequest)
		}
		assert.Equal(t, n, spans)
		assert.Equal(t, n, points)
	}
	for _, n := range []int{1, 10, 250, 2400} {
		assert.Len(t, newSeries(tasks, 1, n), n)
	}
}

func TestSpansCarryWhatTaskerPutsOnThem(t *testing.T) {
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
	for s := range spansOf(newTasks(1, 1000), 20_000, testStart) {
		keys := slices.Sorted(maps.Keys(s.span.Attributes().AsRaw()))
		keys = slices.DeleteFunc(keys, func(key string) bool { return key == "parent_correlation_id" })
		wanted, ok := want[s.span.Name()]
		if s.resource["namespace"] != nil && s.resource["namespace"] != "unknown" {
			wanted = slices.DeleteFunc(slices.Clone(wanted), func(key string) bool { return key == "namespace" })
		}
		if ok {
			require.Equal(t, wanted, keys, s.span.Name())
		} else {
			require.Equal(t, "batch.processing", s.span.Name())
			require.Contains(t, [][]string{{"step_uuid", "task_uuid"}, {"task_uuid", "workflow_step_uuid"}}, keys)
		}
		seen[s.span.Name()] = true
	}
	assert.Len(t, seen, len(want)+1, "every kind of span occurs")
}

func TestEveryTraceHasTwentySpansEightOfThemBare(t *testing.T) {
	type shape struct{ spans, bare int }
	shapes := map[pcommon.TraceID]shape{}
	for s := range spansOf(newTasks(1, 1000), 20_000, testStart) {
		c := shapes[s.span.TraceID()]
		c.spans++
		if named(s.span.Attributes().AsRaw()) == "" && named(s.resource) == "" && !carriesLookup(s.span.Attributes()) {
			c.bare++
		}
		shapes[s.span.TraceID()] = c
	}
	assert.Len(t, shapes, 1000)
	for id, c := range shapes {
		require.Equal(t, shape{20, 8}, c, id)
	}
}

// named is the namespace that attributes name.
func named(attributes map[string]any) string {
	if name, _ := attributes[namespaceAttribute].(string); name != "unknown" {
		return name
	}
	return ""
}

func TestRootsMostlyNameTheirNamespaceAndSomeSpansAnother(t *testing.T) {
	roots, unnamed := map[pcommon.TraceID]string{}, 0
	others := map[pcommon.TraceID]bool{}
	for s := range spansOf(newTasks(1, 1000), 20_000, testStart) {
		if s.span.ParentSpanID().IsEmpty() {
			roots[s.span.TraceID()] = named(s.span.Attributes().AsRaw())
			if roots[s.span.TraceID()] == "" {
				unnamed++
			}
		}
	}
	for s := range spansOf(newTasks(1, 1000), 20_000, testStart) {
		name, root := named(s.span.Attributes().AsRaw()), roots[s.span.TraceID()]
		if name != "" && root != "" && name != root {
			others[s.span.TraceID()] = true
		}
	}
	assert.Len(t, roots, 1000)
	assert.InDelta(t, 40, unnamed, 25)
	assert.InDelta(t, 50, len(others), 35, "traces that tell of a child in another namespace")
}

func TestSpanIDsAreUniqueAndSpansEndBeforeTheirParents(t *testing.T) {
	byID := map[pcommon.SpanID]ptrace.Span{}
	var all []ptrace.Span
	for s := range spansOf(newTasks(1, 300), 4000, testStart) {
		require.NotContains(t, byID, s.span.SpanID())
		byID[s.span.SpanID()] = s.span
		all = append(all, s.span)
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

func TestNoTwoSeriesAreTheSameNorBecomeSoWhenANamespaceIsAdded(t *testing.T) {
	with, without := map[string]bool{}, map[string]bool{}
	for request := range pointRequests(newSeries(newTasks(1, 3000), 1, 6000), 6000, testStart) {
		for p := range pointsOf(request) {
			require.False(t, with[p.key(false)], "twice: %s", p)
			with[p.key(false)] = true
			if _, present := stringAttribute(p.attributes); present {
				without[p.key(true)] = true
			}
		}
	}
	for key := range without {
		require.False(t, with[key], "also there without namespace: %s", key)
	}
}

func TestTheSecondEmissionOfACumulativeSeriesIsLargerAndLater(t *testing.T) {
	all := newSeries(newTasks(1, 300), 1, 500)
	first := map[string]reading{}
	for request := range pointRequests(all, 1000, testStart) {
		for p := range pointsOf(request) {
			before, again := first[p.key(false)]
			if !again {
				first[p.key(false)] = p.reading
				continue
			}
			assert.Greater(t, p.reading.at, before.at)
			assert.Equal(t, before.from, p.reading.from)
			assert.NotEqual(t, before.number, p.reading.number)
		}
	}
	assert.Len(t, first, 500)
}
