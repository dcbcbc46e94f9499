// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// results returns the results of two benchmarks that ran in turns.
func results(t *testing.T, ours, reference []float64) Results {
	t.Helper()
	var lines strings.Builder
	for i := range max(len(ours), len(reference)) {
		if i < len(ours) {
			fmt.Fprintf(&lines, "BenchmarkRow/who=ours-2\t100\t%v ns/item\t0 allocs/item\n", ours[i])
		}
		if i < len(reference) {
			fmt.Fprintf(&lines, "BenchmarkRow/who=floor\t100\t%v ns/item\nPASS\n", reference[i])
		}
	}
	r := Results{}
	require.NoError(t, r.Read(strings.NewReader(lines.String()), "lines"))
	return r
}

var (
	ratio     = Budget{Work: "walk", Benchmark: "Row/who=ours", Reference: "Row/who=floor", Unit: "ns/item", Bound: atMost(2)}
	fewAllocs = Budget{Work: "allocations", Benchmark: "Row/who=ours", Unit: "allocs/item", Bound: atMost(0)}
)

func judged(t *testing.T, b Budget, ours, reference []float64) Verdict {
	t.Helper()
	verdicts, err := Judge([]Budget{b}, results(t, ours, reference))
	require.NoError(t, err)
	require.Len(t, verdicts, 1)
	return verdicts[0]
}

// Every second run is ten times slower for both. A ratio of the two medians could not show that they are alike.
func TestARatioIsThatOfNeighbours(t *testing.T) {
	v := judged(t, ratio, []float64{15, 150, 15, 150, 15, 150}, []float64{10, 100, 10, 100, 10, 100})
	assert.InDelta(t, 1.5, v.Judged.Center, 1e-9)
	assert.InDelta(t, 1.5, v.Judged.Lo, 1e-9)
	assert.InDelta(t, 1.5, v.Judged.Hi, 1e-9)
	assert.True(t, v.Met())
	assert.True(t, v.IsClear())
}

func TestTheMedianIsJudgedAndTheIntervalSaysHowSureThatIs(t *testing.T) {
	v := judged(t, ratio, []float64{1, 1, 1, 1, 1, 3}, []float64{1, 1, 1, 1, 1, 1})
	assert.True(t, v.Met())
	assert.False(t, v.IsClear(), "1 to 3")
	assert.InDelta(t, 3, v.Judged.Hi, 0)

	v = judged(t, ratio, []float64{3, 3, 3, 3, 3, 3}, []float64{1, 1, 1, 1, 1, 1})
	assert.False(t, v.Met())
	assert.True(t, v.IsClear())
}

func TestABoundIncludesItsValue(t *testing.T) {
	twice, once := []float64{2, 2, 2, 2, 2, 2}, []float64{1, 1, 1, 1, 1, 1}
	for bound, met := range map[Bound]bool{
		atMost(2): true, atMost(1.9): false, atLeast(2): true, atLeast(2.1): false, {}: true,
	} {
		b := ratio
		b.Bound = bound
		assert.Equal(t, met, judged(t, b, twice, once).Met(), bound)
	}
	assert.True(t, judged(t, fewAllocs, twice, once).Met(), "0 is at most 0")
}

func TestTheUpperEndOfTheIntervalCanBeBounded(t *testing.T) {
	runs, once := []float64{1, 1, 1, 1, 1, 3}, []float64{1, 1, 1, 1, 1, 1}
	for upperEnd, met := range map[float64]bool{3: true, 2.9: false} {
		b := ratio
		b.Bound = atMost(2).withInterval(upperEnd)
		assert.Equal(t, met, judged(t, b, runs, once).Met(), upperEnd)
	}
}

func TestWhatIsNotMeasuredIsAnError(t *testing.T) {
	six := []float64{1, 1, 1, 1, 1, 1}
	for _, test := range []struct {
		ours, reference []float64
		says            string
	}{
		{nil, six, "walk: 0 results of BenchmarkRow/who=ours in ns/item: want at least 6"},
		{six, nil, "walk: 0 results of BenchmarkRow/who=floor in ns/item: want at least 6"},
		{six[:5], six, "5 results"},
		{append(six, 1), six, "want the same number"},
		{six, []float64{0, 1, 1, 1, 1, 1}, "want more than 0"},
	} {
		_, err := Judge([]Budget{ratio}, results(t, test.ours, test.reference))
		assert.ErrorContains(t, err, test.says)
	}
}

func TestTheTableHasEveryRow(t *testing.T) {
	r := results(t, []float64{3, 3, 3, 3, 3, 3}, []float64{1, 1, 1, 1, 1, 1})
	beside := ratio
	beside.Bound = Bound{}
	verdicts, err := Judge([]Budget{ratio, fewAllocs, beside}, r)
	require.NoError(t, err)
	var out strings.Builder
	missed, err := Print(&out, verdicts)
	require.NoError(t, err)
	assert.Equal(t, 1, missed)
	lines := strings.Split(out.String(), "\n")
	assert.Regexp(t, `^walk +3 ns/item +1 +3 +– +≤ 2 × +MISSED$`, lines[1])
	assert.Regexp(t, `^allocations +0 allocs/item +– +– +– +≤ 0 +met$`, lines[2])
	assert.Regexp(t, `^walk +3 ns/item +1 +3 +– +– +–$`, lines[3])
}

// A budget that reads the results of another by mistake would go unnoticed.
func TestBudgetsAreNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range Budgets {
		key := fmt.Sprint(b.Benchmark, b.Unit, b.Reference)
		assert.False(t, seen[key], key)
		seen[key] = true
		assert.NotEmpty(t, b.Work)
	}
}
