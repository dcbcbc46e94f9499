// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"strings"
)

// Table returns the result as text.
func (r *Result) Table() string {
	var b strings.Builder
	s := r.Settings
	fmt.Fprintf(&b, "%s: budget %.6g items/s, %d collectors, %d spans a trace, sampled before with %.4g, intervals of %s\n\n",
		r.Shape.Name, s.Budget, s.Collectors, s.SpansPerTrace, s.Presampled, s.Interval)
	fmt.Fprintf(&b, "%8s %10s %12s %10s %8s %12s %10s %13s %13s\n",
		"interval", "collectors", "arrivals/s", "rate", "halvings", "expected/s", "kept/s", "stands for/s", "estimated/s")
	seconds := s.Interval.Seconds()
	for i, row := range r.Rows {
		fmt.Fprintf(&b, "%8d %10d %12.1f %10.5f %8d %12.1f %10.1f %13.1f %13.1f\n", i, row.Collectors, row.Arrived/seconds, row.Rate, row.Halvings,
			row.Expected/seconds, row.Kept/seconds, row.Adjusted/seconds, row.Estimate/seconds)
	}
	b.WriteByte('\n')
	b.WriteString(r.Summary())
	return b.String()
}

// Summary returns what the table comes to, as text.
func (r *Result) Summary() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-34s %s\n", name, fmt.Sprintf(format, args...))
	}
	use, interval := r.Worst()
	sum := r.Sum(0)
	line("mean use of the budget", "%.1f %%", 100*r.Mean(r.Warm()))
	line("most used in an interval", "%.2f × budget, in interval %d", use, interval)
	line("at the start", "%.2f × budget", r.start())
	if r.Shape.Event > 0 {
		line("intervals above the budget", "%d after the change", r.Overshoot())
		line("intervals until 80 % is used", "%d after the change", r.Recovery())
	}
	if sum.Adjusted > 0 {
		line("estimate of all that arrived", "%.2f %% of the true number", 100*sum.Estimate/sum.Adjusted)
	}
	return b.String()
}

// start returns the highest use of the budget at the start.
func (r *Result) start() (use float64) {
	for i := range min(r.Warm(), len(r.Rows)) {
		use = max(use, r.Use(i))
	}
	return use
}
