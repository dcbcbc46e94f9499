// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"io"
	"text/tabwriter"

	"golang.org/x/perf/benchmath"
)

// Print writes the table, and returns how many rows missed their budget.
func Print(out io.Writer, verdicts []Verdict) (missed int, err error) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0) // keeps what it is given until Flush, which returns what fails
	_, _ = fmt.Fprintln(w, "work\tours\treference\tagainst\tratio\t95% interval\tbudget\tverdict")
	unclear := false
	for _, v := range verdicts {
		word := "met"
		switch {
		case v.Beside:
			word = "–"
		case !v.Met():
			word = "MISSED"
			missed++
		}
		if !v.IsClear() {
			word, unclear = word+"?", true
		}
		reference, ratio := "–", "–"
		if v.Budget.Reference != "" {
			reference, ratio = number(v.Reference.Center), number(v.Judged.Center)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s %s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			v.Work, number(v.Ours.Center), v.Unit, reference, v.Against, ratio, interval(v.Judged), v.bound(), word)
	}
	if err := w.Flush(); err != nil {
		return missed, err
	}
	if unclear {
		_, err = fmt.Fprintln(out, "? the interval has both sides of the budget: measure on a quieter machine, or more runs")
	}
	return missed, err
}

func (b Budget) bound() string {
	if b.Beside {
		return "–"
	}
	sign, unit := "≤", ""
	if b.Below {
		sign = "<"
	}
	if b.Reference != "" {
		unit = " ×"
	}
	return fmt.Sprintf("%s %v%s", sign, b.Most, unit)
}

func interval(s benchmath.Summary) string {
	if s.Lo == s.Hi {
		return "–"
	}
	return number(s.Lo) + " to " + number(s.Hi)
}

func number(x float64) string {
	if x >= 1000 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.3g", x)
}
