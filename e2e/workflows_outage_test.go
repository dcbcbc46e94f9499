// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// groupOutage is a collector whose Postgres fails and recovers.
type groupOutage struct {
	*outage
	hashes map[string]string // of correlation IDs
	random *rand.Rand        // for trace IDs that no batch has had before, because groups are remembered with traces
	health http.Client
}

// startGroupOutage starts a collector with consistent_by whose health check listens on a Unix domain socket.
func startGroupOutage(t *testing.T, dsn, policy string, rate float64, hashes map[string]string) *groupOutage {
	t.Helper()
	dir, err := os.MkdirTemp("", "health-") //nolint:usetesting // the path of a socket must be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket, sink := filepath.Join(dir, "socket"), harness.NewSink(t)
	collector := harness.Start(t, harness.Options{
		Sink: sink, Expect: []string{cannotAsk, breakerOpens}, FeatureGates: "extension.healthcheck.useComponentStatus",
		Extensions: map[string]string{"health_check": fmt.Sprintf("{http: {endpoint: %q, transport: unix, status: {enabled: true, path: /}}}", socket)},
		Processor:  resolving(dsn, ", on_failure: "+policy) + "consistent_by: [correlation_id]",
	})
	return &groupOutage{
		outage: &outage{Collector: collector, policy: policy, rate: rate, sink: sink, client: harness.NewClient(t, collector)},
		hashes: hashes, random: random(),
		health: http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", socket)
			},
		}},
	}
}

// assertStatus asserts the status of the processor's component.
func (o *groupOutage) assertStatus(t *testing.T, want string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://health/?verbose", nil)
	require.NoError(t, err)
	response, err := o.health.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var status struct {
		Components map[string]struct {
			Components map[string]struct{ Status string }
		}
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&status))
	assert.Equal(t, want, status.Components["pipeline:traces"].Components["processor:namespace_sampler"].Status, o.policy)
}

// awaitGroups sends spans and log records that only carry the tasks, each in a trace of its own, until their groups decide them.
func (o *groupOutage) awaitGroups(t *testing.T, tasks []taskerdb.Task) {
	t.Helper()
	require.True(t, harness.Eventually(time.Minute, func() bool {
		var all []span
		want := outcomes{}
		for i, task := range tasks {
			spans := randomSpans(o.random, 3, []attrs{{"task_uuid": task.UUID}, {"task_uuid": task.UUID, "namespace": "orders"}}[i%2])
			want.expectGroup(t, 0.5, o.hashes[task.CorrelationID], spans...)
			all = append(all, spans...)
		}
		return o.isSent(t, want, all)
	}), "%s: groups do not decide", o.policy)
}

// flowsWithoutGroups sends spans, each in a trace of its own, and log records of the same traces, while Postgres cannot tell the groups of new tasks.
func (o *groupOutage) flowsWithoutGroups(t *testing.T, cached, tasks []taskerdb.Task) {
	t.Helper()
	for i, task := range tasks {
		var all []span
		want := outcomes{}
		byTraceID := func(rate float64, attributes attrs) {
			spans := randomSpans(o.random, 10, attributes)
			want.expect(t, rate, spans...)
			all = append(all, spans...)
		}
		byGroup := func(rate float64, id string, attributes attrs) {
			spans := randomSpans(o.random, 10, attributes)
			want.expectGroup(t, rate, o.hashes[id], spans...)
			all = append(all, spans...)
		}
		byTraceID(0.5, attrs{"task_uuid": task.UUID, "namespace": "orders"}) // on_failure is about namespaces
		byTraceID(o.rate, attrs{"task_uuid": task.UUID})
		byTraceID(0.5, attrs{"namespace": "orders"})
		byGroup(0.5, task.CorrelationID, attrs{"correlation_id": task.CorrelationID, "namespace": "orders"})
		byGroup(o.rate, task.CorrelationID, attrs{"correlation_id": task.CorrelationID}) // the group is known, the namespace is not
		byGroup(0.5, cached[i].CorrelationID, attrs{"task_uuid": cached[i].UUID})
		o.assertSent(t, want, all, "groups are unavailable")

		lone, wantLone := randomRecords(o.random, 10, attrs{"task_uuid": task.UUID, "namespace": "orders"}), stamps{} // of traces without spans
		wantLone.expect(t, 0.5, lone...)
		assert.Equal(t, wantLone, stampsOf(o.sendRecords(t, lone)), o.policy)
	}
}

// sendSeries sends all exports of the series of workflows, and returns the workflows whose series arrived, by metric. Each series is whole or
// absent.
func (o *groupOutage) sendSeries(t *testing.T, all []workflow) map[string]map[string]bool {
	t.Helper()
	before, counted, sent := len(o.sink.Points()), o.Scrape().Sum(harness.Prefix+"datapoints", nil), 0
	for round := range workflowRounds {
		md := workflowPoints(t, all, round)
		sent += md.DataPointCount()
		o.client.Metrics(md)
	}
	assert.InDelta(t, sent, o.Scrape().Sum(harness.Prefix+"datapoints", nil)-counted, 0, "each point is counted once")
	arrived := map[int64]bool{}
	for _, p := range o.sink.Points()[before:] {
		arrived[p.Data.(pmetric.NumberDataPoint).IntValue()] = true
	}
	of := map[string]map[string]bool{}
	for i := range all {
		for _, s := range all[i].series {
			if of[s.metric] == nil {
				of[s.metric] = map[string]bool{}
			}
			of[s.metric][all[i].key] = arrived[s.values[0]]
			for _, value := range s.values {
				require.Equal(t, arrived[s.values[0]], arrived[value], "a series is whole or absent")
			}
		}
	}
	return of
}

// Metrics of seriesOfTasks.
const grouped, lookedUp = "tasker.steps.executions.total", "tasker.tasks.started.total"

// seriesOfTasks returns two series for each task, as those of a workflow: one that carries its group, and one whose group Postgres knows.
func seriesOfTasks(tasks []taskerdb.Task) (all []workflow) {
	value := int64(0)
	for _, task := range tasks {
		w := workflow{key: task.CorrelationID, namespaces: []string{task.Namespace}, tasks: []taskerdb.Task{task}}
		w.series = w.newSeries(&value)[:2]
		for i := range w.series {
			w.series[i].attributes["namespace"] = task.Namespace
		}
		all = append(all, w)
	}
	return all
}

func TestTraceIDsAndSeriesDecideWhileGroupsAreUnavailable(t *testing.T) { // G1, C6, C7
	t.Parallel()
	cluster := pgtest.Start(t)
	var cached, tasks []taskerdb.Task
	var ids []string
	for range 40 {
		one, other := newTask("orders"), newTask("orders")
		cached, tasks = append(cached, one), append(tasks, other)
		ids = append(ids, one.CorrelationID, other.CorrelationID)
	}
	dsn, hashes := newDatabase(t, cluster, taskerdb.LayoutTasker, append(cached, tasks...)...), xxh64(t, ids...)
	byHash := map[string]bool{}
	for _, task := range tasks {
		byHash[task.CorrelationID] = outcomes{}.expectGroup(t, 0.5, hashes[task.CorrelationID])
	}

	var outages []*groupOutage
	for _, policy := range []struct {
		name string
		rate float64
	}{{"global_rate", 0.25}, {"keep", 1}, {"drop", 0}} {
		o := startGroupOutage(t, dsn, policy.name, policy.rate, hashes)
		o.awaitGroups(t, cached)
		o.assertStatus(t, "StatusOK")
		outages = append(outages, o)
	}

	require.NoError(t, cluster.Crash())
	unavailable := harness.Labels{"outcome": "unavailable"}
	var kept []map[string]bool // series whose group is unavailable
	for _, o := range outages {
		before := o.Scrape().Sum(harness.Prefix+"lookup_keys", unavailable)
		o.flowsWithoutGroups(t, cached, tasks)
		series := o.sendSeries(t, seriesOfTasks(tasks))
		assert.Equal(t, byHash, series[grouped], "%s: the group decides a series that carries it", o.policy)
		kept = append(kept, series[lookedUp])
		o.assertStatus(t, "StatusRecoverableError")
		assert.Greater(t, o.Scrape().Sum(harness.Prefix+"lookup_keys", unavailable), before, o.policy)
		assert.Positive(t, o.Scrape().Sum(harness.Prefix+"ungrouped_items", harness.Labels{"signal": "traces"}), o.policy)
		assert.Positive(t, o.Scrape().Sum(harness.Prefix+"ungrouped_items", harness.Labels{"signal": "metrics"}), o.policy)
		assert.Positive(t, o.Scrape().Sum(harness.Prefix+"ungrouped_items", harness.Labels{"signal": "logs"}), o.policy)
		assert.Equal(t, 1, o.Log().Count(cannotAsk), "%s: it is logged once", o.policy)
	}
	assert.NotEqual(t, byHash, kept[0], "the identity of the series decides")
	for _, other := range kept {
		assert.Equal(t, kept[0], other, "and every collector decides alike, whatever on_failure is")
	}

	require.NoError(t, cluster.Restart(t.Context()))
	for _, o := range outages {
		o.awaitGroups(t, tasks)
		series := o.sendSeries(t, seriesOfTasks(tasks))
		assert.Equal(t, byHash, series[lookedUp], "%s: groups decide again", o.policy)
		o.assertStatus(t, "StatusOK")
		assert.Equal(t, 1, o.Log().Count(answersAgain), o.policy)
	}
}
