// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

var someRecords = Sizes{Spans: 4000, Records: 2500, Tasks: 400, Seed: 1}

func recordsOf(sizes Sizes, start time.Time) (all []items.Record) {
	for request := range RecordRequests(sizes.NewTasks(), sizes, start) {
		for r := range items.Records(request) {
			all = append(all, r)
		}
	}
	return all
}

func TestRecordsDoNotDependOnTheTimeOfTheRun(t *testing.T) {
	t.Parallel()
	texts := func(start time.Time) (texts []string) {
		for _, r := range recordsOf(someRecords, start) {
			texts = append(texts, fmt.Sprint(r.TraceID(), r.SpanID(), r.Body().Str(), r.Attributes().AsRaw()))
		}
		return texts
	}
	first := texts(testStart)
	assert.Len(t, first, someRecords.Records)
	assert.Equal(t, first, texts(testStart.Add(time.Hour)))
}

func TestEveryRecordHasAnIdentityAndBelongsToASpanThatIsSent(t *testing.T) {
	t.Parallel()
	sizes := someRecords
	sizes.Records = 5000 // more than the traces have
	spans := map[pcommon.SpanID]items.Span{}
	for s := range spansOf(sizes.NewTasks(), sizes.Spans, testStart) {
		spans[s.SpanID()] = s
	}
	seen := map[string]bool{}
	for _, r := range recordsOf(sizes, testStart) {
		require.True(t, isUUID(r.ID()))
		require.False(t, seen[r.ID()], "another record has its identity")
		seen[r.ID()] = true
		require.NotEmpty(t, r.Body().Str())
		require.Equal(t, r.SeverityNumber().String(), r.SeverityText())
		require.Equal(t, r.TraceID().IsEmpty(), r.SpanID().IsEmpty())
		if r.TraceID().IsEmpty() {
			continue
		}
		s, ok := spans[r.SpanID()]
		require.True(t, ok)
		require.Equal(t, s.TraceID(), r.TraceID())
		require.Equal(t, s.EndTimestamp(), r.Timestamp())
		for key, v := range s.Attributes().All() {
			own, ok := r.Attributes().Get(key)
			require.True(t, ok, key)
			require.Equal(t, v.AsString(), own.AsString())
		}
	}
	assert.Len(t, seen, sizes.Records)
}

func TestEveryFailedSpanLogsAnError(t *testing.T) {
	t.Parallel()
	failed := map[pcommon.SpanID]bool{}
	for s := range spansOf(someRecords.NewTasks(), 2000, testStart) { // all of whose traces log
		if s.Status().Message() != "" {
			failed[s.SpanID()] = true
		}
	}
	assert.Greater(t, len(failed), 5)
	detached := 0
	for _, r := range recordsOf(someRecords, testStart) {
		switch {
		case r.SeverityNumber() != plog.SeverityNumberError:
			require.False(t, failed[r.SpanID()], "of a failed span")
		case r.TraceID().IsEmpty():
			detached++
		default:
			delete(failed, r.SpanID())
		}
	}
	assert.LessOrEqual(t, len(failed), detached, "but for errors without a trace ID")
}

func TestSomeRecordsCarryNoTraceIDAndSomeNothingAtAll(t *testing.T) {
	t.Parallel()
	kinds := map[string]int{}
	all := recordsOf(someRecords, testStart)
	for _, r := range all {
		carries := func(keys ...string) bool {
			return slices.ContainsFunc(keys, func(key string) bool { return r.Text(key) != "" })
		}
		switch hasKey := carries("task_uuid", "step_uuid", "workflow_step_uuid", "correlation_id"); {
		case !r.TraceID().IsEmpty():
			kinds["in a trace"]++
		case hasKey:
			kinds["with a key"]++
		case named(r.Attributes()) != "" || named(r.Resource) != "":
			kinds["with a namespace"]++
		default:
			kinds["nothing"]++
		}
	}
	for _, kind := range []string{"with a key", "with a namespace", "nothing"} {
		assert.Greater(t, kinds[kind], len(all)/100, kind)
	}
	assert.Greater(t, kinds["in a trace"], len(all)*4/5)
}

func TestSomeRecordsComeWithWhatEarlierSamplersHaveWritten(t *testing.T) {
	t.Parallel()
	sizes := someRecords
	sizes.Records = 20_000
	stamps := map[string]int{}
	for _, r := range recordsOf(sizes, testStart) {
		threshold, randomness := r.Stamp(items.ThresholdAttribute), r.Stamp(items.RandomnessAttribute)
		if len(randomness) > 10 {
			randomness = "random"
		}
		stamps[threshold+randomness]++
		require.False(t, r.TraceID().IsEmpty() && randomness == "" && (threshold == `"8"` || threshold == `"f"`), "nothing says by what it was decided")
	}
	for _, stamp := range []string{`"zz"`, `"8""12345"`, "Int 50", `""Int 7`, `"0"`, "random", `"4"random`, `"8"random`, `"f"random`, `"8"`, `"f"`} {
		assert.Greater(t, stamps[stamp], 10, stamp)
		delete(stamps, stamp)
	}
	assert.Greater(t, stamps[""], 18_000)
	assert.Len(t, stamps, 1)
}

func TestRecordsOfWorkflowsComeWithTheDecisionsThatTheirTracesComeWith(t *testing.T) {
	t.Parallel()
	foreign, tier := map[string]bool{}, map[string]string{}
	tasks := someWorkflows.NewTasks()
	for i := range tasks {
		foreign[tasks[i].CorrelationID] = tasks[i].workflow.isForeign
		tier[tasks[i].CorrelationID] = tasks[i].workflow.randomness
	}
	ofTier, overruled := 0, 0
	for _, r := range recordsOf(someWorkflows, testStart) {
		workflow, randomness := r.Text("correlation_id"), r.Text(items.RandomnessAttribute)
		switch {
		case workflow == "":
		case tier[workflow] != "":
			ofTier++
			require.Equal(t, tier[workflow], randomness)
			require.Equal(t, "8", r.Text(items.ThresholdAttribute))
		case len(randomness) == 14:
			overruled++
			require.True(t, foreign[workflow])
		case !foreign[workflow]:
			require.NotContains(t, []string{"4", "f"}, r.Text(items.ThresholdAttribute))
		}
	}
	assert.Greater(t, ofTier, 100)
	assert.Greater(t, overruled, 5)
}

func TestWithoutTracesOnlyProcessesLog(t *testing.T) {
	t.Parallel()
	all := recordsOf(Sizes{Records: 40, Tasks: 10, Seed: 1}, testStart)
	assert.Len(t, all, 40)
	for _, r := range all {
		assert.True(t, r.TraceID().IsEmpty())
		assert.Equal(t, 1, r.Attributes().Len(), "its identity")
	}
}
