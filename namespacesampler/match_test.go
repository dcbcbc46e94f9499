// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// matching are settings at rate 0 for the metrics that conditions match.
func matching(conditions ...any) map[string]any {
	return map[string]any{"sample_rate": 0, "metrics": map[string]any{"detailed": map[string]any{"match": conditions}}}
}

// metricsNamed returns metrics of a type with these names, two points each, of the namespace "orders".
func metricsNamed(typ pmetric.MetricType, names ...string) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "worker")
	sm := rm.ScopeMetrics().AppendEmpty()
	sm.Scope().SetName("tasker")
	for _, name := range names {
		m := sm.Metrics().AppendEmpty()
		m.SetName(name)
		for range 2 {
			appendPoint(m, typ).PutStr("namespace", "orders")
		}
	}
	return md
}

func namesOf(md *pmetric.Metrics) []string {
	var names []string
	if md == nil {
		return nil
	}
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				names = append(names, m.Name())
			}
		}
	}
	return names
}

func TestOnlyMetricsThatAConditionMatchesAreSampled(t *testing.T) {
	for _, tt := range []struct {
		name       string
		conditions []any
		left       []string
	}{
		{"none: all match", nil, nil},
		{"by name", []any{`metric.name == "b"`}, []string{"a", "c"}},
		{"any of them", []any{`metric.name == "b"`, `metric.name == "c"`}, []string{"a"}},
		{"by type", []any{`metric.type == METRIC_DATA_TYPE_SUMMARY`}, []string{"a", "b", "c"}},
		{"by scope and resource", []any{`scope.name == "tasker" and resource.attributes["service.name"] == "worker"`}, nil},
		{"nothing", []any{`metric.name == "z"`}, []string{"a", "b", "c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := start(t, matching(tt.conditions...))
			assert.Equal(t, tt.left, namesOf(h.consumeMetrics(metricsNamed(pmetric.MetricTypeSum, "a", "b", "c"))))
			want := map[string]int64{}
			if n := int64(2 * len(tt.left)); n > 0 {
				want["kept orders passed"] = n
			}
			if n := int64(2 * (3 - len(tt.left))); n > 0 {
				want["dropped orders global"] = n
			}
			assert.Equal(t, want, h.counts("datapoints"), "every point is counted once, under its namespace")
		})
	}
}

func TestAMetricThatMatchesIsStillDetailedByItsPoints(t *testing.T) {
	h := start(t, matching("true"))
	md := metricsNamed(pmetric.MetricTypeGauge, "a")
	appendPoint(metricOf(md), pmetric.MetricTypeGauge).PutStr("channel", "health") // neither namespace nor key
	out := h.consumeMetrics(md)
	require.NotNil(t, out)
	assert.Equal(t, 1, out.DataPointCount())
}

// What does not match is not touched at all: no lookup, no attribute, no rescaling, no exemplar.
func TestMetricsThatDoNotMatchPassByteForByte(t *testing.T) {
	for _, typ := range pointTypes {
		h := start(t, withPostgres("postgres://127.0.0.1:1/none", map[string]any{"on_failure": "drop"}, map[string]any{
			"sample_rate": 0, "tracing": map[string]any{"sample_rate": 0},
			"metrics": map[string]any{
				"by": "point", "rescale_delta": true, "exemplars": "sampled",
				"detailed": map[string]any{"match": []any{`metric.name == "other"`}},
			},
		}))
		batch := func() pmetric.Metrics {
			md := metricsNamed(typ, "a")
			appendPoint(metricOf(md), typ).PutStr("task_uuid", taskID(1))
			setDelta(metricOf(md))
			if typ != pmetric.MetricTypeSummary {
				exemplarsOf(metricOf(md)).AppendEmpty().SetTraceID(lowID)
			}
			return md
		}
		want, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(batch())
		require.NoError(t, err)
		out := h.consumeMetrics(batch())
		require.NotNil(t, out, typ)
		got, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(*out)
		require.NoError(t, err)
		assert.Equal(t, want, got, typ)
		assert.Empty(t, h.counts("lookup_keys"), "no lookup")
		assert.Equal(t, map[string]int64{"kept orders passed": 2, "kept _none passed": 1}, h.counts("datapoints"))
	}
}

func TestConditionsAreAskedOnceForAMetricNotForItsPoints(t *testing.T) {
	h := start(t, matching(`ParseJSON(metric.description)["detailed"] == true`))
	out := h.consumeMetrics(metricsNamed(pmetric.MetricTypeSum, "a", "b", "c")) // two points each
	assert.Equal(t, []string{"a", "b", "c"}, namesOf(out), "what cannot be told is no match")
	assert.Equal(t, map[string]int64{"metrics::detailed::match::0": 3}, h.counts("condition_errors"))
	assert.Len(t, h.logs.FilterMessageSnippet("could not be evaluated").All(), 1)
}

// taskerMetrics are the metrics of Tasker's metric list with the attributes that they carry; detailed are those with a series
// for each request.
var taskerMetrics = []struct {
	name       string
	typ        pmetric.MetricType
	attributes []string
	detailed   bool
}{
	{"tasker.tasks.requests.total", pmetric.MetricTypeSum, []string{"correlation_id", "task_type", "namespace"}, true},
	{"tasker.tasks.completions.total", pmetric.MetricTypeSum, []string{"correlation_id"}, true},
	{"tasker.tasks.failures.total", pmetric.MetricTypeSum, []string{"correlation_id"}, false},
	{"tasker.steps.enqueued.total", pmetric.MetricTypeSum, []string{"correlation_id", "namespace", "step_name"}, true},
	{"tasker.step_results.processed.total", pmetric.MetricTypeSum, []string{"correlation_id", "result_type"}, true},
	{"tasker.steps.executions.total", pmetric.MetricTypeSum, []string{"correlation_id"}, true},
	{"tasker.steps.results_submitted.total", pmetric.MetricTypeSum, []string{"correlation_id"}, true},
	{"tasker.steps.successes.total", pmetric.MetricTypeSum, []string{"correlation_id", "namespace", "error_type"}, true},
	{"tasker.steps.failures.total", pmetric.MetricTypeSum, []string{"correlation_id", "namespace", "error_type"}, false},
	{"tasker.task.initialization.duration", pmetric.MetricTypeHistogram, []string{"correlation_id", "task_type"}, true},
	{"tasker.task.finalization.duration", pmetric.MetricTypeHistogram, []string{"correlation_id", "final_state"}, true},
	{"tasker.step.execution.duration", pmetric.MetricTypeHistogram, []string{"correlation_id", "namespace", "result"}, true},
	{"tasker.step.claim.duration", pmetric.MetricTypeHistogram, []string{"namespace", "claim_method"}, false},
	{"tasker.task.state_transitions.total", pmetric.MetricTypeSum, []string{"namespace", "from_state", "to_state"}, false},
	{"tasker.step.state_transitions.total", pmetric.MetricTypeSum, []string{"from_state", "to_state"}, false},
	{"tasker.domain_events.published.total", pmetric.MetricTypeSum, []string{"event_name", "namespace"}, false},
	{"tasker.tasks.active", pmetric.MetricTypeGauge, []string{"namespace"}, false},
	{"tasker.steps.ready", pmetric.MetricTypeGauge, []string{"namespace"}, false},
	{"tasker.queue.depth", pmetric.MetricTypeGauge, []string{"namespace"}, false},
	{"api_circuit_breaker_state", pmetric.MetricTypeGauge, []string{"component"}, false},
	{"mpsc_channel_usage_percent", pmetric.MetricTypeGauge, []string{"channel"}, false},
}

// TestProductionSparesFailuresAndLowCardinality sends Tasker's metrics through the production configuration: a namespace that is kept
// whole loses nothing, one that nobody listed loses just what has a series for each request.
func TestProductionSparesFailuresAndLowCardinality(t *testing.T) {
	cluster := pgtest.Start(t)
	dsn := cluster.NewDatabase(t, taskerdb.Tasker)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	for i, namespace := range []string{"payments", "reporting"} {
		require.NoError(t, taskerdb.Insert(t.Context(), conn, taskerdb.LayoutTasker,
			taskerdb.Task{UUID: taskID(i), CorrelationID: correlationID(i), Namespace: namespace}))
	}
	t.Setenv("DATABASE_URL", dsn)
	cfg := processorOf(t, "base.yaml", "production.yaml")
	cfg.Postgres.Get().Wait, cfg.Postgres.Get().QueryTimeout = 30e9, 30e9
	h := startWith(t, cfg)

	for i, namespace := range []string{"payments", "reporting"} {
		md := pmetric.NewMetrics()
		metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
		var want []string
		for _, tasker := range taskerMetrics {
			m := metrics.AppendEmpty()
			m.SetName(tasker.name)
			attributes := appendPoint(m, tasker.typ)
			for _, key := range tasker.attributes {
				switch key {
				case "namespace":
					attributes.PutStr(key, namespace)
				case "correlation_id":
					attributes.PutStr(key, correlationID(i))
				default:
					attributes.PutStr(key, "some "+key)
				}
			}
			if namespace == "payments" || !tasker.detailed {
				want = append(want, tasker.name)
			}
		}
		assert.Equal(t, want, namesOf(h.consumeMetrics(md)), namespace)
	}
}
