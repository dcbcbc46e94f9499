// SPDX-License-Identifier: Apache-2.0

//go:build unix

package inspect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// problemOf returns the problem of a kind, or nil.
func problemOf(n *inspect.Namespaces, kind string) *inspect.Problem {
	for i := range n.Problems {
		if n.Problems[i].Kind == kind {
			return &n.Problems[i]
		}
	}
	return nil
}

func task(i int) samplertest.Span {
	return samplertest.Span{Attributes: map[string]any{"task_uuid": samplertest.TaskID(i)}}
}

func TestAnOutageIsAProblemWithItsConsequences(t *testing.T) {
	database := steered(t)
	s, at := samplertest.StartInspected(t, samplertest.WithPostgres(database.DSN, map[string]any{
		"overrides": map[string]any{"enabled": true, "interval": "20ms"}, "circuit_breaker": map[string]any{"cooldown": "50ms"},
	}, map[string]any{"sample_rate": 0.25, "consistent_by": []any{"correlation_id"}}))
	s.ConsumeTraces(samplertest.TracesOf(t, task(0)))
	await(t, at, func(n inspect.Namespaces) bool { return n.State.RuntimeOverrides.ReadAt != nil }, "the table is read")
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	assert.Nil(t, problemOf(&n, "unavailable"))

	require.NoError(t, database.Cluster.Crash())
	for i := range 3 {
		s.ConsumeTraces(samplertest.TracesOf(t, task(10+i)))
	}
	await(t, at, func(n inspect.Namespaces) bool {
		p := problemOf(&n, "unavailable")
		return p != nil && p.Count == 3
	}, "three keys")
	n = samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	p := problemOf(&n, "unavailable")
	assert.Equal(t, "Postgres does not answer: unresolved items take the global rate 25 %; groups that only Postgres knows are not found; "+
		"runtime overrides are frozen, and still end on time", p.Consequence)
	assert.Equal(t, "postgres::on_failure", p.Setting)
	assert.WithinDuration(t, time.Now(), *p.Since, time.Minute)
	assert.Positive(t, p.PerSecond)
	assert.Equal(t, "unavailable", n.Problems[0].Kind, "it comes first")
	assert.Nil(t, problemOf(&n, "overrides_unreadable"), "the outage is the reason")
	assert.EqualValues(t, 3, n.State.Postgres.UnavailableKeys)

	require.NoError(t, database.Cluster.Restart(t.Context()))
	await(t, at, func(n inspect.Namespaces) bool { return problemOf(&n, "unavailable") == nil }, "it has ended")
}

func TestARefusedLookupIsAProblemUntilItIsRepaired(t *testing.T) {
	database := samplertest.NewDatabase(t, 2)
	s, at := samplertest.StartInspected(t, samplertest.WithPostgres(database.DSN, map[string]any{"on_failure": "drop"}, nil))
	s.ConsumeTraces(samplertest.TracesOf(t, task(0)))
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	assert.Equal(t, []inspect.LookupState{{Attribute: "task_uuid"}, {Attribute: "step_uuid"}, {Attribute: "correlation_id"}}, n.State.Lookups)

	database.Exec(`ALTER TABLE tasker.tasks RENAME TO tasks_away`)
	s.ConsumeTraces(samplertest.TracesOf(t, task(1)))
	await(t, at, func(n inspect.Namespaces) bool { return problemOf(&n, "lookup_refused") != nil }, "it is refused")
	n = samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	p := problemOf(&n, "lookup_refused")
	assert.Equal(t, "task_uuid", p.Subject)
	assert.Equal(t, "postgres::layout", p.Setting)
	assert.Nil(t, problemOf(&n, "unanswered_keys"), "Postgres answers in time")
	assert.Contains(t, *p.Error, `relation "tasker.tasks" does not exist (SQLSTATE 42P01)`)
	assert.Equal(t, "Postgres refuses the lookup; keys that are not cached are not resolved: unresolved items are all dropped", p.Consequence)
	assert.NotNil(t, n.State.Lookups[0].RefusedSince)
	assert.NotNil(t, n.State.Lookups[0].Error)
	assert.Nil(t, n.State.Lookups[1].RefusedSince, "no step was looked up")
	assert.Equal(t, new(true), n.State.Postgres.Reachable)

	s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"step_uuid": samplertest.StepID(0)}}))
	await(t, at, func(n inspect.Namespaces) bool {
		p := problemOf(&n, "lookup_refused")
		return p != nil && p.Subject == "task_uuid, step_uuid"
	}, "the table that is missing is one problem")

	database.Exec(`ALTER TABLE tasker.tasks_away RENAME TO tasks`)
	await(t, at, func(n inspect.Namespaces) bool {
		return problemOf(&n, "lookup_refused") == nil && n.State.Lookups[0] == inspect.LookupState{Attribute: "task_uuid"}
	}, "without any telemetry")
}

func TestTheLastChangesAndSupersededOverridesAreShown(t *testing.T) {
	database := steered(t)
	_, at := samplertest.StartInspected(t, steeredBy(database.DSN, "20ms", map[string]any{
		"sample_rate": 0.1, "namespaces": map[string]any{"payments": 0.5, "orders": 0.5, "web_*": 0.5},
		"logs": map[string]any{"namespaces": map[string]any{"orders": 1}},
	}))
	await(t, at, func(n inspect.Namespaces) bool { return n.State.RuntimeOverrides.ReadAt != nil }, "the table is read")
	of := func(n *inspect.Namespaces, key, source string) inspect.Override {
		for _, o := range n.Overrides {
			if o.Key == key && o.Source == source {
				return o
			}
		}
		return inspect.Override{}
	}
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	assert.Empty(t, n.Changes)
	assert.Equal(t, []string{"logs"}, of(&n, "orders", "shared_override").Superseded, "for log records there is another one")
	assert.Empty(t, of(&n, "orders", "signal_override").Superseded)

	database.Exec(`INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate, reason, updated_by)
		VALUES ('pay*', 'traces', 1, 'incident 7', 'alice'), ('web_*', 'all', 1, NULL, NULL)`)
	await(t, at, func(n inspect.Namespaces) bool { return len(n.Changes) == 2 }, "two rows")
	n = samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	assert.Equal(t, []string{"traces"}, of(&n, "payments", "shared_override").Superseded, "a runtime pattern wins over a configured name")
	assert.Equal(t, []string{"traces", "metrics", "logs"}, of(&n, "web_*", "shared_override").Superseded)
	assert.Empty(t, of(&n, "web_*", "runtime_override").Superseded)
	assert.Equal(t, `"public"."namespace_sampling_overrides"`, n.State.RuntimeOverrides.Table)

	database.Exec(`DELETE FROM namespace_sampling_overrides WHERE namespace = 'pay*'`)
	await(t, at, func(n inspect.Namespaces) bool { return len(n.Changes) == 3 }, "one is removed")
	n = samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	last := n.Changes[0]
	assert.WithinDuration(t, time.Now(), last.At, time.Minute)
	last.At = time.Time{}
	assert.Equal(t, inspect.Change{
		Change: "removed", Key: "pay*", Signal: "traces", Source: "runtime_override", Reason: "incident 7", UpdatedBy: "alice",
		From: map[string]inspect.Effective{"traces": {SampleRate: new(1.0)}}, To: map[string]inspect.Effective{"traces": {SampleRate: new(0.1)}},
	}, last)
}

// What silently changes decisions is counted, whatever the signal.
func TestFaultsOfConditionsTracesAndTracestatesAreProblems(t *testing.T) {
	s, at := samplertest.StartInspected(t, map[string]any{
		"sample_rate": 0.5, "tracing": map[string]any{
			"trace_memory": map[string]any{"max_traces": 1}, "always_keep": []any{`Int(span.attributes["a"]) > Int(span.attributes["b"])`},
		},
	})
	for i := range 3 {
		s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{
			ID: [16]byte{15: byte(i + 1), 9: 1}, Tracestate: "ot=th:zz", Attributes: map[string]any{"namespace": "payments", "a": map[string]any{}},
		}))
	}
	await(t, at, func(n inspect.Namespaces) bool { return len(n.Problems) == 3 }, "three kinds")
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	assert.Equal(t, map[string]int64{"forgotten_traces": 2, "condition_errors": 3, "tracestate_faults": 3}, describedProblems(t, n.Problems))
}

// The collector says who it is, since when it counts, and whether that was a reload.
func TestTheCollectorIsShown(t *testing.T) {
	began := time.Now()
	_, at := samplertest.StartInspected(t, map[string]any{"sample_rate": 0.1, "metrics": map[string]any{"detailed": map[string]any{"sample_rate": 0.5}}})
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	assert.Equal(t, "namespace_sampler", n.Collector.Component)
	assert.WithinRange(t, n.Collector.CountingSince, began.Add(-time.Second), time.Now())
	assert.True(t, n.Collector.StartedAt.Before(n.Collector.CountingSince))
	assert.Equal(t, inspect.Sampling{Sampler: "parent_based", Mode: "equalizing", Attributes: []string{"namespace"}, Lookups: []string{}}, n.Sampling)
	assert.InDelta(t, 0.1, n.Global.Traces.SampleRate, 0)
	assert.InDelta(t, 0.5, n.Global.Metrics.SampleRate, 0)
	assert.InDelta(t, 0.1, n.Global.Logs.SampleRate, 0)

	_, again := samplertest.StartInspected(t, map[string]any{})
	assert.True(t, samplertest.GetJSON[inspect.Namespaces](t, again+"/namespaces").Collector.Reloaded, "the same component in the same process")
}
