// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// check is one statement about the whole run.
type check struct {
	name   string
	faults int
	detail string // what to look at when there are faults
}

// judge turns two settled books into statements. Each is exact: one wrong item among all fails it.
func judge(r *result) []check {
	spans, points := r.spans, r.points
	missing := func(r *row) int { return r.missing }
	unexpected := func(r *row) int { return r.unexpected }
	namespace := func(r *row) int { return r.wrongNamespace }
	repeated := func(r *row) int { return r.repeated }
	altered := func(r *row) int { return r.altered }

	checks := []check{
		{
			"spans: those kept are exactly those expected",
			spans.sum(missing) + spans.sum(unexpected) + spans.strangers,
			"rates and thresholds of the rows marked FAIL; spans without namespace also depend on the lookups below",
		},
		{
			"spans: every tracestate is as expected",
			spans.sum(func(r *row) int { return r.wrongState }),
			"sampling_precision, and what else edits tracestates in the pipeline",
		},
		{
			"spans: resolved namespaces are written, all else is unchanged",
			spans.sum(namespace) + spans.sum(altered),
			"whether the database holds the tasks of this --seed and --tasks",
		},
		{
			"data points: those kept are exactly those expected, series by series",
			points.sum(missing) + points.sum(unexpected) + points.strangers - points.rowFaults(labelPassed),
			"rates of the rows marked FAIL, and ADR 002 for the identity of a series",
		},
		{
			"data points: every value is as sent",
			points.sum(altered),
			"nothing cumulative and no gauge may be rescaled",
		},
		{
			"data points: resolved namespaces are written where absent",
			points.sum(namespace),
			"whether the database holds the tasks of this --seed and --tasks",
		},
		{
			"data points: metrics that no rate applies to all pass",
			points.rowFaults(labelPassed),
			"metrics without a namespace and without an identifier must pass untouched",
		},
		{
			"nothing arrived twice",
			spans.sum(repeated) + points.sum(repeated),
			"the exporter's retries, and whether something else exports to this address",
		},
	}
	if r.after != nil {
		checks = append(checks, check{
			"the collector counted every item once",
			r.miscounted(),
			fmt.Sprintf("otelcol_processor_namespace_sampler_spans grew by %.0f for %d spans, …_datapoints by %.0f for %d points",
				r.during("spans", "", ""), spans.sent, r.during("datapoints", "", ""), points.sent),
		})
	}
	return checks
}

// miscounted is by how many items the collector's counters are off.
func (r *result) miscounted() int {
	return abs(int(r.during("spans", "", ""))-r.spans.sent) + abs(int(r.during("datapoints", "", ""))-r.points.sent)
}

// rowFaults are the missing and unexpected items of one row.
func (b *book) rowFaults(label string) int {
	if r, ok := b.rows[label]; ok {
		return r.missing + r.unexpected
	}
	return 0
}

func (r *result) passed() bool {
	for _, c := range r.checks {
		if c.faults > 0 {
			return false
		}
	}
	return true
}

func abs(n int) int { return max(n, -n) }
