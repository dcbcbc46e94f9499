// SPDX-License-Identifier: Apache-2.0

package main

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
	checks = append(checks, r.judgeTraces()...)
	return append(checks, r.judgeCounters()...)
}

// rowFaults are the missing and unexpected items of one row.
func (b *book) rowFaults(label string) int {
	if r, ok := b.rows[label]; ok {
		return r.missing + r.unexpected
	}
	return 0
}

func (r *result) passed() bool { return passed(r.checks) }

func passed(checks []check) bool {
	for _, c := range checks {
		if c.faults > 0 {
			return false
		}
	}
	return true
}

func abs(n int) int { return max(n, -n) }
