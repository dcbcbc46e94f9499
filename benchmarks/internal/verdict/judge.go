// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"slices"

	"golang.org/x/perf/benchmath"
)

const (
	// fewestRuns are those that the median needs for an interval at this confidence.
	fewestRuns = 6
	confidence = 0.95
)

// Verdict is a budget with what was measured.
type Verdict struct {
	Budget
	Ours      benchmath.Summary
	Reference benchmath.Summary
	// Judged is the ratio of the two, or ours where there is no reference.
	Judged benchmath.Summary
}

// Met reports whether the median is within the budget, if there is one.
func (v Verdict) Met() bool {
	if v.Beside {
		return true
	}
	if v.Below {
		return v.Judged.Center < v.Most
	}
	return v.Judged.Center <= v.Most
}

// IsClear reports whether the whole interval is on the same side of the bound as the median.
func (v Verdict) IsClear() bool {
	if v.Beside {
		return true
	}
	within := func(x float64) bool { return x < v.Most || !v.Below && x <= v.Most }
	return within(v.Judged.Lo) == within(v.Judged.Hi)
}

// Judge holds results to the budgets. A row without results is an error, and so is one with too few runs.
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
		return Verdict{}, fmt.Errorf("%d runs of %s and %d of %s: want as many", len(ours), b.Benchmark, len(reference), b.Reference)
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

// of returns what was measured, at least in as many runs as a verdict needs.
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
