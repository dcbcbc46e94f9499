// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
)

// increaseChecks requires growth to be exact: that of each metric, by every attribute that remainders carry.
func (r *Run) increaseChecks() (checks []Check) {
	if i := r.Points.Increases; i != nil {
		checks = append(checks, Check{
			"growth: what is kept and the remainders add up to all of it, by each attribute that remainders carry",
			i.Off(),
			"metrics::remainder, and components in the pipeline that drop or change data points",
		}, Check{
			"growth: remainders begin with a zero, and have a point in each batch that adds to them",
			abs(i.Remainders - i.Want),
			fmt.Sprintf("%d data points with the attribute otelcol.remainder.id arrived, want %d", i.Remainders, i.Want),
		})
	}
	if r.HasRemainder && r.Growth != nil {
		counted := r.Growth.Total("remainder_datapoints")
		checks = append(checks, Check{
			"counters: data points of remainders are counted apart",
			abs(counted - r.Points.Remainders),
			fmt.Sprintf("otelcol_processor_namespace_sampler_remainder_datapoints grew by %d for %d data points", counted, r.Points.Remainders),
		})
	}
	return checks
}

// increaseLines are the numbers of growing series that are printed.
var increaseLines = []struct {
	label       string
	isHistogram bool
	number      int
}{
	{"counters", false, 0},
	{"histograms: count", true, 0},
	{"histograms: sum", true, 1},
}

// printIncreases prints by how much growing series have grown, and what arrived of it.
func printIncreases(b *strings.Builder, s *ledger.Summary) {
	i := s.Increases
	if i == nil {
		return
	}
	fmt.Fprintf(b, "\nGROWTH   (of %s series, in several exports; remainder: what the dropped ones add up to)\n", Thousands(i.Series))
	t := table{header: []string{"", "sent", "kept", "remainder", "difference"}, left: 1, right: true}
	for _, line := range increaseLines {
		sent, kept, remainder, off := i.Total(line.isHistogram, line.number)
		t.add(line.label, rounded(sent), rounded(kept), rounded(remainder), fmt.Sprintf("%.6g", off))
	}
	t.print(b)
	fmt.Fprintf(b, "  %s data points of remainders arrived in all; they are not counted as kept\n", Thousands(s.Remainders))
}

// rounded formats a number that can be anything if the collector is wrong.
func rounded(x float64) string {
	if math.Abs(x) < 1e15 {
		return Thousands(int(math.Round(x)))
	}
	return fmt.Sprintf("%.3g", x)
}
