// SPDX-License-Identifier: Apache-2.0

//go:build unix

package benchmarks

import (
	"maps"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const budgeted = "ours_budgeted"

// budgeting returns keys with budgets that all namespaces share. Their rate is 0.1, as without a budget, for as long as they are measured: the
// interval does not end, and the guard of the burst is far away.
func budgeting(keys settings) settings {
	budget := settings{"items_per_second": 1e9}
	all := settings{
		"budgets": settings{"interval": "1h", "initial_sample_rate": 0.1}, "tracing": settings{}, "logs": settings{"budget": budget},
	}
	maps.Copy(all, keys)
	tracing := settings{"budget": budget}
	maps.Copy(tracing, all["tracing"].(settings))
	all["tracing"] = tracing
	return all
}

// budgetRows returns rows in which the processor with a budget in force is compared to itself without one.
func budgetRows() []spanRow {
	both := func(name string, shape spanShape, keys settings) spanRow {
		with, without := oursOnLogs(budgeting(keys)).named(onLogs(budgeted)), oursOnLogs(keys)
		if keys == nil { // parent_based
			with, without = with.remembering(shape), without.remembering(shape)
		}
		return spanRow{
			name, shape, []contender[ptrace.Traces]{ours(keys), ours(budgeting(keys)).named(budgeted)}, []contender[plog.Logs]{without, with},
		}
	}
	return []spanRow{
		both("budgeted_ratio", standardSpans, bySpan()),
		both("budgeted_remembered_20", standardSpans.with(func(s *spanShape) { s.spansPerTrace = 20 }), nil),
		both("budgeted_remembered_1", standardSpans, nil),
	}
}
