// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// workflow is a workflow of Tasker: tasks that share a correlation ID, each in traces of its own, and their series.
type workflow struct {
	key        string   // its correlation ID, as Postgres prints it
	namespaces []string // of its tasks in turn; the first is that of its root
	tasks      []taskerdb.Task
	traces     [][]span // as their spans end, the root last
	series     []workflowSeries
}

// workflowSeries is a cumulative series of a workflow. Its points are known by their values.
type workflowSeries struct {
	metric     string
	attributes attrs
	values     [workflowRounds]int64
}

const workflowRounds = 3 // exports of each series

// newWorkflows returns workflows of two to four tasks. Each has the namespaces of one of the kinds, in turn.
func newWorkflows(r *rand.Rand, n int, kinds ...[]string) []workflow {
	all, value := make([]workflow, n), int64(0)
	for i := range all {
		w := &all[i]
		w.key, w.namespaces = taskerdb.NewUUID(time.Now()), kinds[i%len(kinds)]
		for k := range 2 + i%3 {
			task := newTask(w.namespaces[k%len(w.namespaces)])
			task.CorrelationID, task.CreatedAt = w.key, time.Now().Add(time.Duration(k)*time.Second)
			w.tasks = append(w.tasks, task)
			w.traces = append(w.traces, w.trace(r, task, i+k), w.trace(r, task, i+k+1))
		}
		w.series = w.newSeries(&value)
	}
	return all
}

// trace returns a trace of a task: a client span that carries nothing, a step, and the root. Every second trace has its group from Postgres.
func (w *workflow) trace(r *rand.Rand, task taskerdb.Task, form int) []span {
	var step, root attrs
	switch form % 4 {
	case 0:
		step = attrs{"correlation_id": w.key, "step_uuid": task.Steps[0]}
		root = attrs{"correlation_id": w.key, "task_uuid": task.UUID, "namespace": task.Namespace}
	case 1: // group and namespace from Postgres
		step, root = attrs{"step_uuid": task.Steps[0]}, attrs{"task_uuid": task.UUID}
	case 2: // as other SDKs may write it
		step, root = attrs{"correlation_id": strings.ToUpper(w.key)}, attrs{"correlation_id": strings.ToUpper(w.key)}
	case 3: // the group from Postgres
		step = attrs{"step_uuid": task.Steps[0], "namespace": task.Namespace}
		root = attrs{"task_uuid": task.UUID, "namespace": task.Namespace}
	}
	id := randomTrace(r)
	return []span{newSpan(id, "", nil), newSpan(id, "", step), newSpan(id, "", root)}
}

// newSeries returns the series of a workflow: of those of steps some have a namespace, and that of tasks has its group from Postgres.
func (w *workflow) newSeries(value *int64) []workflowSeries {
	series := []workflowSeries{
		{metric: "tasker.steps.executions.total", attributes: attrs{"correlation_id": w.key}},
		{metric: "tasker.tasks.started.total", attributes: attrs{"task_uuid": w.tasks[0].UUID}},
	}
	for i := range 2 {
		series = append(series, workflowSeries{metric: "tasker.steps.enqueued.total", attributes: attrs{
			"correlation_id": w.key, "namespace": w.namespaces[0], "step_name": fmt.Sprint("step ", i),
		}})
	}
	for i := range series {
		for round := range workflowRounds {
			*value++
			series[i].values[round] = *value
		}
	}
	return series
}

func keysOf(all []workflow) (keys []string) {
	for i := range all {
		keys = append(keys, all[i].key)
	}
	return keys
}

// insertWorkflows creates a database with the tasks of workflows.
func insertWorkflows(t testing.TB, all []workflow) (dsn string) {
	t.Helper()
	var tasks []taskerdb.Task
	for i := range all {
		tasks = append(tasks, all[i].tasks...)
	}
	return newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, tasks...)
}

// sendWorkflows sends the traces of workflows, mixed, 50 whole ones in a request, and their series, 500 points in a request, each request to
// a client at random.
func sendWorkflows(t testing.TB, r *rand.Rand, clients []*harness.Client, all []workflow) {
	t.Helper()
	var whole [][]span
	for i := range all {
		whole = append(whole, all[i].traces...)
	}
	r.Shuffle(len(whole), func(i, j int) { whole[i], whole[j] = whole[j], whole[i] })
	for begin := 0; begin < len(whole); begin += 50 {
		var spans []span
		some := whole[begin:min(begin+50, len(whole))]
		for _, trace := range some {
			spans = append(spans, trace...)
		}
		clients[r.IntN(len(clients))].Traces(linked(traces(t, nil, nil, spans...), some))
	}
	for round := range workflowRounds {
		for begin := 0; begin < len(all); begin += 125 {
			clients[r.IntN(len(clients))].Metrics(workflowPoints(t, all[begin:min(begin+125, len(all))], round))
		}
	}
}

// workflowPoints is one export of the series of workflows.
func workflowPoints(t testing.TB, all []workflow, round int) pmetric.Metrics {
	t.Helper()
	md, metrics := pmetric.NewMetrics(), map[string]pmetric.Sum{}
	scope := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty()
	for i := range all {
		for _, s := range all[i].series {
			sum, ok := metrics[s.metric]
			if !ok {
				m := scope.Metrics().AppendEmpty()
				m.SetName(s.metric)
				sum = m.SetEmptySum()
				sum.SetIsMonotonic(true)
				sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
				metrics[s.metric] = sum
			}
			dp := sum.DataPoints().AppendEmpty()
			dp.SetTimestamp(at(round))
			dp.SetIntValue(s.values[round])
			require.NoError(t, dp.Attributes().FromRaw(s.attributes))
		}
	}
	return md
}

// xxh64 returns the hash of each key as the program xxhsum computes it, in 16 hexadecimal digits. Keys are valid names of files.
func xxh64(t testing.TB, keys ...string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "xxhsum", append([]string{"-H1"}, keys...)...)
	cmd.Dir = t.TempDir()
	for _, key := range keys {
		require.NoError(t, os.WriteFile(filepath.Join(cmd.Dir, key), []byte(key), 0o600))
	}
	output, err := cmd.Output()
	require.NoError(t, err, `"make xxhash" installs xxhsum`)
	hashes := map[string]string{}
	for line := range strings.Lines(string(output)) {
		hash, key, ok := strings.Cut(strings.TrimSpace(line), "  ")
		require.True(t, ok && len(hash) == 16, "a line of xxhsum: %q", line)
		hashes[key] = hash
	}
	require.Len(t, hashes, len(keys))
	return hashes
}

// expectGroup adds what becomes of spans without a tracestate at a rate, by the hash of their group: its upper 56 bits are the randomness
// (G2, G3).
func (o outcomes) expectGroup(t testing.TB, rate float64, hash string, spans ...span) (kept bool) {
	t.Helper()
	state := ""
	switch rate {
	case 0:
		return false
	case 1:
	default:
		threshold, err := sampling.ProbabilityToThresholdWithPrecision(rate, 4)
		require.NoError(t, err)
		randomness, err := sampling.RValueToRandomness(hash[:14])
		require.NoError(t, err)
		if !threshold.ShouldSample(randomness) {
			return false
		}
		state = "ot=rv:" + hash[:14] + ";th:" + threshold.TValue()
	}
	for _, s := range spans {
		o[s.id] = state
	}
	return true
}

// arrival is what arrived of a workflow, or what was sent.
type arrival struct{ spans, points int }

// spans returns all spans of a workflow.
func (w *workflow) spans() []span { return slices.Concat(w.traces...) }

// sent is what was sent of a workflow.
func (w *workflow) sent() arrival { return arrival{len(w.spans()), len(w.series) * workflowRounds} }

// arrivals returns what arrived of each workflow of which anything did, by its key. Each item must have arrived once.
func arrivals(t testing.TB, all []workflow, sink *harness.Sink) map[string]arrival {
	t.Helper()
	spans, points := map[pcommon.SpanID]string{}, map[int64]string{}
	for i := range all {
		for _, s := range all[i].spans() {
			spans[s.id] = all[i].key
		}
		for _, s := range all[i].series {
			for _, value := range s.values {
				points[value] = all[i].key
			}
		}
	}
	of := map[string]arrival{}
	for _, s := range sink.Spans() {
		key, ok := spans[s.SpanID()]
		require.True(t, ok, "a span that arrived is one that was sent, and arrives once")
		delete(spans, s.SpanID())
		of[key] = arrival{of[key].spans + 1, of[key].points}
	}
	for _, p := range sink.Points() {
		value := p.Data.(pmetric.NumberDataPoint).IntValue()
		key, ok := points[value]
		require.True(t, ok, "a point that arrived is one that was sent, and arrives once")
		delete(points, value)
		of[key] = arrival{of[key].spans, of[key].points + 1}
	}
	return of
}
