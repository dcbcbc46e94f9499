// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"io"
	"text/tabwriter"

	"golang.org/x/perf/benchmath"
)

// Print writes the table and returns how many rows missed their budget.
func Print(out io.Writer, verdicts []Verdict) (missed int, err error) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0) // it buffers; Flush returns the errors
	_, _ = fmt.Fprintln(w, "work\tours\treference\tagainst\tratio\t95% interval\tbudget\tverdict")
	unclear := false
	for _, v := range verdicts {
		word := "met"
		switch {
		case v.Bound.sign == none:
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
		_, err = fmt.Fprintln(out, "?: the budget lies inside the interval; measure on a quieter machine, or more rounds")
	}
	return missed, err
}

// bound returns the bound as text, with × if it is one of a ratio.
func (b Budget) bound() string {
	if b.Reference == "" {
		return b.Bound.text("")
	}
	return b.Bound.text(" ×")
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
