// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
)

func TestGrowthThatIsOffInTwoSumsDoesNotCancelOut(t *testing.T) {
	t.Parallel()
	numbers := func(n ...float64) []float64 { return n }
	after, err := ledger.Parse(strings.NewReader("otelcol_processor_namespace_sampler_remainder_datapoints_total 30\n"))
	require.NoError(t, err)
	r := &Run{HasRemainder: true, Growth: &ledger.Growth{Before: &ledger.Scrape{}, After: after}, Points: &ledger.Summary{
		Remainders: 30,
		Increases: &ledger.Increases{Series: 7, Remainders: 12, Want: 12, Sums: []ledger.Increase{
			{Sent: numbers(5000), Kept: numbers(1000), Remainder: numbers(4000)},
			{Sent: numbers(300), Remainder: numbers(300)},
			{IsHistogram: true, Sent: numbers(9, 40.25, 4, 5), Kept: numbers(8, 40, 4, 4), Remainder: numbers(1, 0.25, 0, 1)},
		}},
	}}
	for _, c := range r.increaseChecks() {
		assert.Zero(t, c.Faults, c.Name)
	}
	var out strings.Builder
	printIncreases(&out, r.Points)
	assert.Equal(t, `
GROWTH   (of 7 series, in several exports; remainder: what the dropped ones add up to)
                      sent   kept  remainder  difference
  counters           5,300  1,000      4,300           0
  histograms: count      9      8          1           0
  histograms: sum       40     40          0           0
  30 data points of remainders arrived in all; they are not counted as kept
`, out.String())

	sums := r.Points.Increases.Sums
	sums[0].Remainder[0]++
	sums[1].Remainder[0]--
	sums[2].Kept[3]-- // a bucket alone
	sums[2].Remainder[1] -= 1 << 62
	r.Points.Increases.Remainders--
	r.Points.Remainders -= 2
	checks := r.increaseChecks()
	assert.Equal(t, []int{3, 1, 2}, []int{checks[0].Faults, checks[1].Faults, checks[2].Faults})
	out.Reset()
	printIncreases(&out, r.Points)
	assert.Contains(t, out.String(), "counters           5,300  1,000      4,300            2\n")
	assert.Contains(t, out.String(), "40  -4.61e+18  4.61169e+18\n")
}
