// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// manyPatterns returns a table with as many patterns as there may be, which match names that contain x, any character, y and a number.
func manyPatterns(t testing.TB, more ...Override) *Table {
	t.Helper()
	rates := map[string]float64{}
	for i := range MaxPatterns {
		rates[fmt.Sprintf("*x?y%03d*", i)] = float64(i+1) / 2000
	}
	table, err := NewTable(Spec{Signal: Traces, Overrides: slices.Concat(listed(SharedOverride, rates), more), Global: 1, Precision: 14})
	require.NoError(t, err)
	return table
}

// forget makes all further matching fail, so that only what is remembered is found.
func (t *Table) forgetPatterns() {
	t.runtime.patterns.patterns.automata, t.configured.patterns.patterns.automata = nil, nil
}

func TestANameThatTakesLongIsMatchedOnce(t *testing.T) {
	t.Parallel()
	names := []string{strings.Repeat("x", 1000) + "y007", "x_y999", "no pattern matches this"}
	table := manyPatterns(t)
	var first []*Match
	for _, name := range names {
		first = append(first, table.Lookup(name))
	}
	assert.Equal(t, []Rule{Pattern, Pattern, Global}, []Rule{first[0].Rule, first[1].Rule, first[2].Rule})
	table.forgetPatterns()
	for i, name := range names {
		assert.Same(t, first[i], table.Lookup(strings.Clone(name)), name)
	}
	assert.Equal(t, Global, table.Lookup("x_y998").Rule, "it was not asked for")
	assert.Equal(t, Pattern, manyPatterns(t).Lookup("x_y998").Rule, "another table, of patterns that are compiled anew")
}

func TestARuntimePatternWinsOverAConfiguredNameInTheMemoToo(t *testing.T) {
	t.Parallel()
	table := manyPatterns(t, slices.Concat(
		listed(RuntimeOverride, map[string]float64{"pay*": 0.5, "payments": 0.25}),
		listed(SharedOverride, map[string]float64{"payments": 0.125, "payroll": 0.125, "orders": 0.125}))...)
	for range 2 {
		assert.InDelta(t, 0.25, table.Lookup("payments").Probability, 0)
		assert.InDelta(t, 0.5, table.Lookup("payroll").Probability, 0)
		assert.InDelta(t, 0.125, table.Lookup("orders").Probability, 0)
		assert.Equal(t, Exact, table.Lookup("orders").Rule)
	}
}

// onePattern returns a table with a pattern that is remembered as if there were many.
func onePattern(t *testing.T) *Table {
	t.Helper()
	table, err := NewTable(Spec{Signal: Traces, Overrides: listed(SharedOverride, map[string]float64{"*x": 1}), Precision: 4})
	require.NoError(t, err)
	table.configured.patterns.patterns.words = MaxPatterns
	return table
}

func TestTwentyThousandNamesAreRemembered(t *testing.T) {
	t.Parallel()
	table := onePattern(t)
	name := func(i int) string { return fmt.Sprintf("%0200dx", i) }
	for i := range 20_000 {
		table.Lookup(name(i))
	}
	table.forgetPatterns()
	for i := range 20_000 {
		require.Equal(t, Pattern, table.Lookup(name(i)).Rule, i)
	}
}

func TestTheMemoIsBoundedInBytesAndEntries(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"%d", "%01024d"} {
		table := onePattern(t)
		require.Equal(t, uint64(maxMemoBytes), table.configured.patterns.memo.entries.GetMaximum())
		const part = maxMemoBytes / 32
		table.configured.patterns.memo.entries.SetMaximum(part)
		most := part / (len(fmt.Sprintf(format, 1000)) + memoEntryBytes)
		for i := range most + 3000 {
			table.Lookup(fmt.Sprintf(format, i))
			require.LessOrEqual(t, table.configured.patterns.memo.entries.WeightedSize(), uint64(part))
		}
		left := table.configured.patterns.memo.entries.EstimatedSize()
		assert.Greater(t, left, most*9/10, "names are displaced one by one")
		assert.Less(t, left, most*11/10)
	}
}

func TestTheMemoSharesNoMemoryWithTelemetry(t *testing.T) {
	t.Parallel()
	table := manyPatterns(t)
	telemetry := strings.Repeat("x", 1<<20)
	table.Lookup(telemetry[:500])
	for name := range table.configured.patterns.memo.entries.Keys() {
		assert.NotSame(t, unsafe.StringData(telemetry), unsafe.StringData(name))
	}
	assert.Equal(t, 1, table.configured.patterns.memo.entries.EstimatedSize())
}

func TestOnlyWhatIsCostlyToMatchIsRemembered(t *testing.T) {
	t.Parallel()
	table := manyPatterns(t, listed(SharedOverride, map[string]float64{"payments": 0.5})...)
	table.Lookup("")
	table.Lookup("payments")
	table.Lookup("x_y007")
	table.Lookup(strings.Repeat("x", MaxMatchedBytes+1))
	assert.Equal(t, []string{"x_y007"}, slices.Collect(table.configured.patterns.memo.entries.Keys()))

	few, err := NewTable(Spec{Signal: Traces, Overrides: listed(SharedOverride, map[string]float64{"rust_*": 1}), Precision: 4})
	require.NoError(t, err)
	assert.Equal(t, Pattern, few.Lookup("rust_linear").Rule)
	assert.Zero(t, few.configured.patterns.memo.entries.EstimatedSize())
	none, err := NewTable(Spec{Signal: Traces, Overrides: listed(SharedOverride, map[string]float64{"payments": 1}), Precision: 4})
	require.NoError(t, err)
	assert.Nil(t, none.configured.patterns.memo)
}

func TestLookupAllocatesNothingForANameThatIsRemembered(t *testing.T) {
	table := manyPatterns(t, listed(SharedOverride, map[string]float64{"payments": 0.5})...)
	for _, name := range []string{"payments", "x_y007", strings.Repeat("x", 1000), ""} {
		table.Lookup(name)
		assert.Zero(t, testing.AllocsPerRun(10_000, func() { table.Lookup(name) }), name)
	}
}

// Run with the race detector: names are met by several goroutines at once, and displace each other.
func TestLookupIsRightWithManyGoroutines(t *testing.T) {
	t.Parallel()
	table := manyPatterns(t)
	var names []string
	var want []*Match
	for i := range 400 {
		names = append(names, fmt.Sprintf("%0200d%s%03d", i/2, []string{"x_y", "none"}[i%2], i/2))
		match := table.global
		if j := table.configured.patterns.match(names[i]); j >= 0 {
			match = table.configured.byPattern[j]
		}
		want = append(want, match)
	}
	table.configured.patterns.memo.entries.SetMaximum(20 * 1024) // of the names, a sixth is remembered
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 2 * len(names) {
				i = (i + worker*20) % len(names)
				if got := table.Lookup(names[i]); got != want[i] {
					t.Errorf("%s: got %v, want %v", names[i], got, want[i])
				}
			}
		})
	}
	all.Wait()
	table.configured.patterns.memo.entries.CleanUp()
	assert.LessOrEqual(t, table.configured.patterns.memo.entries.WeightedSize(), uint64(20*1024))
}
