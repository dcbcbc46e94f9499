// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// matching returns settings that drop the metrics that conditions match.
func matching(conditions ...any) map[string]any {
	return map[string]any{"sample_rate": 0, "metrics": map[string]any{"detailed": map[string]any{"match": conditions}}}
}

// metricsNamed returns metrics of a type, each with two points of the namespace "orders".
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
			samplertest.AppendPoint(m, typ).PutStr("namespace", "orders")
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
			s := samplertest.Start(t, matching(tt.conditions...))
			assert.Equal(t, tt.left, namesOf(s.ConsumeMetrics(metricsNamed(pmetric.MetricTypeSum, "a", "b", "c"))))
			want := map[string]int64{}
			if n := int64(2 * len(tt.left)); n > 0 {
				want["kept orders passed"] = n
			}
			if n := int64(2 * (3 - len(tt.left))); n > 0 {
				want["dropped orders global"] = n
			}
			assert.Equal(t, want, s.Counts("datapoints"), "every point is counted once, under its namespace")
		})
	}
}

func TestPointsOfAMatchingMetricStillNeedANamespaceOrKey(t *testing.T) {
	s := samplertest.Start(t, matching("true"))
	md := metricsNamed(pmetric.MetricTypeGauge, "a")
	samplertest.AppendPoint(samplertest.MetricOf(md), pmetric.MetricTypeGauge).PutStr("channel", "health") // neither namespace nor key
	out := s.ConsumeMetrics(md)
	require.NotNil(t, out)
	assert.Equal(t, 1, out.DataPointCount())
}

// There is no lookup, no attribute, no rescaling and no sampling of exemplars.
func TestMetricsThatDoNotMatchPassUnchanged(t *testing.T) {
	for _, typ := range samplertest.PointTypes {
		s := samplertest.Start(t, withPostgres("postgres://127.0.0.1:1/none", map[string]any{"on_failure": "drop"}, map[string]any{
			"sample_rate": 0, "tracing": map[string]any{"sample_rate": 0},
			"metrics": map[string]any{
				"by": "point", "rescale_delta": true, "exemplars": "sampled",
				"detailed": map[string]any{"match": []any{`metric.name == "other"`}},
			},
		}))
		batch := func() pmetric.Metrics {
			md := metricsNamed(typ, "a")
			samplertest.AppendPoint(samplertest.MetricOf(md), typ).PutStr("task_uuid", taskID(1))
			samplertest.SetDelta(samplertest.MetricOf(md))
			if typ != pmetric.MetricTypeSummary {
				samplertest.ExemplarsOf(samplertest.MetricOf(md)).AppendEmpty().SetTraceID(samplertest.LowID)
			}
			return md
		}
		want, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(batch())
		require.NoError(t, err)
		out := s.ConsumeMetrics(batch())
		require.NotNil(t, out, typ)
		got, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(*out)
		require.NoError(t, err)
		assert.Equal(t, want, got, typ)
		assert.Empty(t, s.Counts("lookup_keys"), "no lookup")
		assert.Equal(t, map[string]int64{"kept orders passed": 2, "kept _none passed": 1}, s.Counts("datapoints"))
	}
}

func TestConditionsAreEvaluatedOnceForEachMetric(t *testing.T) {
	s := samplertest.Start(t, matching(`ParseJSON(metric.description)["detailed"] == true`))
	out := s.ConsumeMetrics(metricsNamed(pmetric.MetricTypeSum, "a", "b", "c")) // two points each
	assert.Equal(t, []string{"a", "b", "c"}, namesOf(out), "a condition that fails does not match")
	assert.Equal(t, map[string]int64{"metrics::detailed::match::0": 3}, s.Counts("condition_errors"))
	assert.Len(t, s.Logs.FilterMessageSnippet("could not be evaluated").All(), 1)
}

// taskerMetrics are the metrics of Tasker with their attributes. Those with a series for each request are detailed.
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

// With the production configuration a namespace at rate 1 keeps all metrics, and an unlisted one loses those with a series for
// each request.
func TestTheProductionConfigurationDropsDetailedMetricsOnly(t *testing.T) {
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
	cfg := samplertest.LoadFiles(t, testdata+"base.yaml", testdata+"production.yaml")
	cfg.Postgres.Get().Wait, cfg.Postgres.Get().QueryTimeout = 30*time.Second, 30*time.Second
	s := samplertest.StartWith(t, cfg)

	for i, namespace := range []string{"payments", "reporting"} {
		md := pmetric.NewMetrics()
		metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
		var want []string
		for _, tasker := range taskerMetrics {
			m := metrics.AppendEmpty()
			m.SetName(tasker.name)
			attributes := samplertest.AppendPoint(m, tasker.typ)
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
		assert.Equal(t, want, namesOf(s.ConsumeMetrics(md)), namespace)
	}
}

const testdata = "../../../testdata/"

func taskID(i int) string        { return fmt.Sprintf("0198f000-0000-7000-8000-%012x", i) }
func correlationID(i int) string { return fmt.Sprintf("0198f000-2222-7000-8000-%012x", i) }

// withPostgres returns settings with a section postgres, which waits for answers and does not read the registry unless section
// says otherwise.
func withPostgres(dsn string, section, settings map[string]any) map[string]any {
	postgres := map[string]any{"dsn": dsn, "wait": "30s", "query_timeout": "30s", "registry": map[string]any{"interval": 0}}
	maps.Copy(postgres, section)
	all := maps.Clone(settings)
	all["postgres"] = postgres
	return all
}
