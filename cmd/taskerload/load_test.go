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
		for request := range spanRequests(tasks, seed, 5000, testStart) {
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
		for request := range spanRequests(tasks, 1, n, testStart) {
			spans += request.SpanCount()
			assert.LessOrEqual(t, request.SpanCount(), spansPerRequest+50)
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
	want := map[string][]string{
		"task.orchestration":       {"correlation_id", "namespace", "task_uuid"},
		"task.state_transition":    {"correlation_id", "from_state", "task_uuid", "to_state"},
		"step.discovery":           {"task_uuid"},
		"step.enqueuing":           {"task_uuid"},
		"result.evaluation":        {"task_uuid"},
		"step.execution":           {"correlation_id", "namespace", "step_name", "step_uuid", "task_uuid"},
		"step.state_transition":    {"from_state", "named_step_uuid", "step_uuid", "task_uuid", "to_state"},
		"handler.execution":        {"handler_name", "namespace"},
		"result.submission":        {"correlation_id", "step_uuid"},
		"result.processing":        {"correlation_id", "step_uuid"},
		"batch.cursor":             {"workflow_step_uuid"},
		"POST":                     {"http.request.method", "server.address"},
		"SELECT tasker.tasks":      {"db.operation.name", "db.system.name"},
		"send tasker_step_results": {"messaging.destination.name", "messaging.system"},
	}
	seen := map[string]bool{}
	for s := range spansOf(newTasks(1, 2000), 20_000, testStart) {
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

func TestSpanIDsAreUniqueAndParentsComeInTheSameTrace(t *testing.T) {
	traceOf := map[pcommon.SpanID]pcommon.TraceID{}
	var all []sentSpan
	for s := range spansOf(newTasks(1, 300), 4000, testStart) {
		require.NotContains(t, traceOf, s.span.SpanID())
		traceOf[s.span.SpanID()] = s.span.TraceID()
		all = append(all, s)
	}
	roots := 0
	for _, s := range all {
		if s.span.ParentSpanID().IsEmpty() {
			roots++
			assert.Equal(t, "task.orchestration", s.span.Name())
			continue
		}
		require.Equal(t, s.span.TraceID(), traceOf[s.span.ParentSpanID()])
	}
	assert.Greater(t, roots, 300)
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
