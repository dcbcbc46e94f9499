// SPDX-License-Identifier: Apache-2.0

//go:build linux

package kubernetes

import (
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// Settings that replace those of a pod.
const (
	patient = "processors::namespace_sampler::postgres::wait: 2s"         // for lookups, on a busy machine
	page    = "processors::namespace_sampler::inspect::endpoint: %s:8090" // in a cluster each pod has a loopback interface of its own
)

const prefix = "otelcol_processor_namespace_sampler_"

// database returns the DSN of a database of Tasker, with one task, for the role of the collectors.
func database(t *testing.T, task string) string {
	t.Helper()
	dsn := pgtest.Start(t).NewDatabase(t, taskerdb.Tasker)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { assert.NoError(t, conn.Close(t.Context())) }()
	require.NoError(t, taskerdb.Insert(t.Context(), conn, taskerdb.LayoutTasker, taskerdb.Task{UUID: task, Namespace: "payments"}))
	for range 2 { // it can be run again
		output, err := exec.CommandContext(t.Context(), "psql", dsn, "-f", "reader.sql").CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	example, err := url.Parse(build(t, "common").secrets[0].StringData["DATABASE_URL"])
	require.NoError(t, err)
	u.User = url.User(example.User.Username())
	return u.String()
}

func TestTheRoleMayReadAndNoMore(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), database(t, ""))
	require.NoError(t, err)
	defer func() { assert.NoError(t, conn.Close(t.Context())) }()
	var everybodyCreates bool // in databases that were created by a Postgres older than 15
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT has_schema_privilege('public', 'public', 'CREATE')").Scan(&everybodyCreates))
	for statement, allowed := range map[string]bool{
		"SELECT FROM tasker.tasks":                        true,
		"SELECT FROM public.namespace_sampling_overrides": true,
		"DELETE FROM tasker.tasks":                        false,
		"INSERT INTO public.namespace_sampling_overrides (namespace, sample_rate) VALUES ('a', 1)": false,
		"SELECT FROM tasker.workflow_step_transitions":                                             false,
		"CREATE TABLE public.mine ()":                                                              everybodyCreates,
		"CREATE TABLE tasker.mine ()":                                                              false,
		"SELECT pg_read_file('/etc/passwd')":                                                       false,
	} {
		_, err := conn.Exec(t.Context(), statement)
		assert.Equal(t, allowed, err == nil, "%s: %v", statement, err)
	}
}

func TestOneTierRuns(t *testing.T) {
	task, network := taskerdb.NewUUID(time.Now()), subnet(t)
	c := start(t, ways(t)["helm"]["otelcol-tasker"], network+"1", []string{"DATABASE_URL=" + database(t, task), "OTEL_EXPORTER_OTLP_ENDPOINT=" + network + "9:4317"},
		patient, fmt.Sprintf(page, network+"1"))
	c.send("traces", span(1, "task_uuid", task))
	require.Eventually(t, func() bool { return c.metric(prefix+"spans", `decision="kept".*"payments"`) == 1 }, 30*time.Second, 20*time.Millisecond)
}

// span is a request with one span, in the trace of a number, with one attribute.
func span(trace int, key, value string) string {
	return fmt.Sprintf(`{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "%032x", "spanId": "%016x", "name": "a",
		"attributes": [{"key": %q, "value": {"stringValue": %q}}]}]}]}]}`, trace, trace, key, value)
}

// Two tiers as processes: the routers find the samplers as in a cluster, but for an API server that has their addresses in place of their names, since
// nothing here resolves these.
func TestTwoTiersRun(t *testing.T) {
	task := taskerdb.NewUUID(time.Now())
	variables := []string{"DATABASE_URL=" + database(t, task)}
	all, network, role := ways(t)["helm"], subnet(t), build(t, "common").roles[0]
	var samplers []*pod
	for i := range 2 {
		address := fmt.Sprintf("%s%d", network, i+1)
		samplers = append(samplers, start(t, all["otelcol-sampler"], address, append(variables, "OTEL_EXPORTER_OTLP_ENDPOINT="+network+"9:4317"),
			patient, fmt.Sprintf(page, address)))
	}
	service := all["otelcol-sampler"].service
	server := startAPI(t, service, role.Rules, samplers[0].address, samplers[1].address)
	router := start(t, all["otelcol-router"], network+"3", []string{"KUBECONFIG=" + server.kubeconfig(t)},
		"exporters::load_balancing::resolver::k8s::return_hostnames: false",
		"exporters::load_balancing/metrics::resolver::k8s::return_hostnames: false")
	server.check(t)

	const traces = 50
	for i := range traces {
		router.send("traces", span(i+1, "task_uuid", task))
		router.send("logs", fmt.Sprintf(`{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"traceId": "%032x", "severityNumber": 17}]}]}]}`, i+1))
		router.send("metrics", fmt.Sprintf(`{"resourceMetrics": [{"resource": {"attributes": [{"key": "service.instance.id", "value": {"stringValue": "%d"}}]},
			"scopeMetrics": [{"metrics": [{"name": "m", "gauge": {"dataPoints": [{"asInt": "1"}]}}]}]}]}`, i))
	}
	arrived := func(s *pod, items, labels string) float64 { return s.metric(prefix+items, labels) }
	for _, items := range []string{"spans", "log_records", "datapoints"} {
		require.Eventually(t, func() bool {
			return arrived(samplers[0], items, "") > 0 && arrived(samplers[1], items, "") > 0 &&
				arrived(samplers[0], items, "")+arrived(samplers[1], items, "") == traces
		}, 30*time.Second, 50*time.Millisecond, "%s arrive once, and not all at one sampler", items)
	}
	for _, s := range samplers {
		// The role of the samplers may read what they read: the namespace of the task is known, and nothing is refused.
		assert.Positive(t, arrived(s, "spans", `decision="kept".*sampling_namespace="payments"`))
		assert.Zero(t, s.metric(prefix+"lookup_refused", ""))
		assert.NotContains(t, s.logged(), "permission denied")
		status, _ := s.get(8090, "/")
		assert.Equal(t, 200, status)
	}

	// One leaves. What the router has queued for it by then is lost; what comes next is for the other.
	send := func(first int, namespace string) {
		for i := range traces {
			router.send("traces", span(first+i, "namespace", namespace))
		}
	}
	samplers[1].stop()
	send(1000, "orders")
	server.leave(samplers[1].address)
	require.Eventually(t, func() bool { return router.metric("otelcol_loadbalancer_num_backends", "") == 1 }, 30*time.Second, 20*time.Millisecond)
	require.Eventually(t, func() bool { return strings.Contains(router.logged(), "Dropping data") }, 30*time.Second, 20*time.Millisecond)
	send(2000, "analytics")
	require.Eventually(t, func() bool { return arrived(samplers[0], "spans", `"analytics"`) == traces }, 30*time.Second, 50*time.Millisecond)
	orders := arrived(samplers[0], "spans", `"orders"`)
	assert.Positive(t, orders)
	assert.Less(t, orders, float64(traces))
	server.check(t)
}
