// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"slices"

	"golang.org/x/perf/benchmath"
)

const (
	// fewestRuns is the smallest number of runs for which the median has an interval at this confidence.
	fewestRuns = 6
	confidence = 0.95
)

// Verdict is a budget with what was measured.
type Verdict struct {
	Budget
	Ours      benchmath.Summary
	Reference benchmath.Summary
	// Judged is the ratio of the two, or ours if there is no reference.
	Judged benchmath.Summary
}

// Met reports whether the measurement is within the budget.
func (v Verdict) Met() bool { return v.Bound.met(v.Judged) }

// IsClear reports whether the whole confidence interval is on the same side of the bound as the median.
func (v Verdict) IsClear() bool { return v.Bound.clear(v.Judged) }

// Judge compares results to the budgets. A row without results, or with too few runs, is an error.
func Judge(budgets []Budget, results Results) ([]Verdict, error) {
	verdicts := make([]Verdict, 0, len(budgets))
	for _, b := range budgets {
		v, err := judge(b, results)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Work, err)
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

func judge(b Budget, results Results) (Verdict, error) {
	ours, err := results.of(b.Benchmark, b.Unit)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Budget: b, Ours: summary(ours), Judged: summary(ours)}
	if b.Reference == "" {
		return v, nil
	}
	reference, err := results.of(b.Reference, b.Unit)
	if err != nil {
		return Verdict{}, err
	}
	if len(ours) != len(reference) {
		return Verdict{}, fmt.Errorf("%d runs of %s and %d of %s: want the same number", len(ours), b.Benchmark, len(reference), b.Reference)
	}
	ratios := make([]float64, len(ours))
	for i := range ratios {
		if reference[i] <= 0 {
			return Verdict{}, fmt.Errorf("%s of %s is %v: want more than 0", b.Unit, b.Reference, reference[i])
		}
		ratios[i] = ours[i] / reference[i]
	}
	v.Reference, v.Judged = summary(reference), summary(ratios)
	return v, nil
}

// of returns the values of a benchmark. Fewer than a verdict needs are an error.
func (r Results) of(benchmark, unit string) ([]float64, error) {
	values := r[measure{benchmark, unit}]
	if len(values) < fewestRuns {
		return nil, fmt.Errorf("%d results of Benchmark%s in %s: want at least %d", len(values), benchmark, unit, fewestRuns)
	}
	return values, nil
}

func summary(values []float64) benchmath.Summary {
	sample := benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds) // it sorts
	return benchmath.AssumeNothing.Summary(sample, confidence)
}
