// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

// instrument is a metric of Tasker.
type instrument struct {
	name, unit, description string
	kind                    pmetric.MetricType
	service                 *service // that reports it; nil: the worker that ran the step

	// weight is the relative number of series among the perRequest instruments; 0 for the others.
	weight     int
	attributes func(rng *rand.Rand, t *Task) []attribute
}

func correlation(t *Task) attribute { return attribute{"correlation_id", t.CorrelationID} }

// perRequest instruments have a series for each correlation ID, so their cardinality grows with traffic.
var perRequest = []*instrument{
	{
		"tasker.tasks.requests.total", "{task}", "Task requests", pmetric.MetricTypeSum, orchestration, 14,
		func(_ *rand.Rand, t *Task) []attribute {
			return []attribute{correlation(t), {"task_type", t.template}, {"namespace", t.Namespace}}
		},
	},
	{
		"tasker.tasks.completions.total", "{task}", "Completed tasks", pmetric.MetricTypeSum, orchestration, 12,
		func(_ *rand.Rand, t *Task) []attribute { return []attribute{correlation(t)} },
	},
	{
		"tasker.tasks.failures.total", "{task}", "Failed tasks", pmetric.MetricTypeSum, orchestration, 2,
		func(_ *rand.Rand, t *Task) []attribute { return []attribute{correlation(t)} },
	},
	{
		"tasker.steps.enqueued.total", "{step}", "Enqueued steps", pmetric.MetricTypeSum, orchestration, 10,
		func(rng *rand.Rand, t *Task) []attribute {
			return []attribute{
				correlation(t),
				{"namespace", t.Namespace},
				{"step_name", pick(rng, "validate", "reserve", "charge", "notify")},
			}
		},
	},
	{
		"tasker.step_results.processed.total", "{result}", "Processed results", pmetric.MetricTypeSum, orchestration, 8,
		func(rng *rand.Rand, t *Task) []attribute {
			return []attribute{correlation(t), {"result_type", pick(rng, "success", "success", "failure", "batch")}}
		},
	},
	{
		"tasker.steps.executions.total", "{step}", "Executed steps", pmetric.MetricTypeSum, nil, 8,
		func(_ *rand.Rand, t *Task) []attribute { return []attribute{correlation(t)} },
	},
	{
		"tasker.steps.results_submitted.total", "{result}", "Submitted results", pmetric.MetricTypeSum, nil, 7,
		func(_ *rand.Rand, t *Task) []attribute { return []attribute{correlation(t)} },
	},
	{
		"tasker.steps.successes.total", "{step}", "Successful steps", pmetric.MetricTypeSum, nil, 8,
		func(_ *rand.Rand, t *Task) []attribute {
			return []attribute{correlation(t), {"namespace", t.Namespace}}
		},
	},
	{
		"tasker.steps.failures.total", "{step}", "Failed steps", pmetric.MetricTypeSum, nil, 3,
		func(rng *rand.Rand, t *Task) []attribute {
			return []attribute{
				correlation(t),
				{"namespace", pick(rng, t.Namespace, unknownNamespace)},
				{"error_type", pick(rng, "handler_error", "timeout", "deserialization")},
			}
		},
	},
	{
		"tasker.task.initialization.duration", "ms", "Time to initialise a task", pmetric.MetricTypeHistogram, orchestration, 10,
		func(_ *rand.Rand, t *Task) []attribute { return []attribute{correlation(t), {"task_type", t.template}} },
	},
	{
		"tasker.task.finalization.duration", "ms", "Time to finalise a task", pmetric.MetricTypeHistogram, orchestration, 8,
		func(rng *rand.Rand, t *Task) []attribute {
			return []attribute{correlation(t), {"final_state", pick(rng, "complete", "complete", "error", "cancelled")}}
		},
	},
	{
		"tasker.step.execution.duration", "ms", "Time to execute a step", pmetric.MetricTypeHistogram, nil, 10,
		func(rng *rand.Rand, t *Task) []attribute {
			return []attribute{correlation(t), {"namespace", t.Namespace}, {"result", pick(rng, "success", "error")}}
		},
	},
}

// perNamespace instruments have few series, shared by all requests. Some carry neither a namespace nor a lookup key.
var perNamespace = []*instrument{
	{
		"tasker.step.claim.duration", "ms", "Time to claim a step", pmetric.MetricTypeHistogram, rustWorker, 0,
		func(rng *rand.Rand, t *Task) []attribute {
			return []attribute{{"namespace", t.Namespace}, {"claim_method", pick(rng, "event", "poll")}}
		},
	},
	{
		"tasker.task.state_transitions.total", "{transition}", "Task transitions", pmetric.MetricTypeSum, orchestration, 0,
		func(rng *rand.Rand, t *Task) []attribute {
			return transition(rng, pick(rng, t.Namespace, unknownNamespace))
		},
	},
	{
		"tasker.step.state_transitions.total", "{transition}", "Step transitions", pmetric.MetricTypeSum, orchestration, 0,
		func(rng *rand.Rand, _ *Task) []attribute { return transition(rng, unknownNamespace) },
	},
	{
		"tasker.domain_events.published.total", "{event}", "Published events", pmetric.MetricTypeSum, rubyWorker, 0,
		func(rng *rand.Rand, t *Task) []attribute {
			return []attribute{
				{"event_name", t.template + pick(rng, ".completed", ".failed")},
				{"namespace", pick(rng, t.Namespace, t.Namespace, aggregateNamespace, unknownNamespace)},
			}
		},
	},
	gauge("tasker.tasks.active", "{task}", "Tasks in progress"),
	gauge("tasker.steps.ready", "{step}", "Steps ready to run"),
	gauge("tasker.queue.depth", "{message}", "Messages waiting"),
}

func gauge(name, unit, description string) *instrument {
	return &instrument{
		name, unit, description, pmetric.MetricTypeGauge, orchestration, 0,
		func(_ *rand.Rand, t *Task) []attribute { return []attribute{{"namespace", t.Namespace}} },
	}
}

func transition(rng *rand.Rand, namespace string) []attribute {
	return []attribute{
		{"namespace", namespace},
		{"from_state", pick(rng, "pending", "in_progress", "enqueued")},
		{"to_state", pick(rng, "in_progress", "complete", "error", "cancelled")},
	}
}

// perProcess instruments describe the health of a process. They carry neither a namespace nor a lookup key and are never
// sampled.
var perProcess = []*instrument{
	processGauge("api_circuit_breaker_state", "", "Closed 0, half-open 1, open 2", "breaker", "database", "messaging", "web"),
	processGauge("mpsc_channel_usage_percent", "%", "Fill level of a channel", "channel", "commands", "results", "events", "claims"),
	processGauge("process_resident_memory_bytes", "By", "Resident memory", "region", "heap", "stack"),
}

func processGauge(name, unit, description, key string, values ...string) *instrument {
	return &instrument{
		name, unit, description, pmetric.MetricTypeGauge, nil, 0,
		func(rng *rand.Rand, _ *Task) []attribute { return []attribute{{key, pick(rng, values...)}} },
	}
}
