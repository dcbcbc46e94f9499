// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// round is one run of all benchmarks, with results that meet every budget.
const round = `goos: linux
BenchmarkRow/row=ratio/who=ours-2                            1 20 ns/item 0 allocs/item 0 allocs/kept
BenchmarkRow/row=ratio/who=ours_on_logs-2                    1 20 ns/item 0.1 allocs/item 1 allocs/kept
BenchmarkRow/row=ratio/who=probabilistic_sampler_on_logs-2   1 200 ns/item
BenchmarkRow/row=ratio/who=floor-2                           1 10 ns/item 0 allocs/item 0 allocs/kept
BenchmarkRow/row=ratio/who=probabilistic_sampler-2           1 100 ns/item
BenchmarkRow/row=ratio/who=filter_5-2                        1 90 ns/item
BenchmarkRow/row=remembered_20/who=ours-2                    1 20 ns/item 0 allocs/item
BenchmarkRow/row=remembered_20/who=ours_on_logs-2            1 20 ns/item 0.1 allocs/item 1 allocs/kept
BenchmarkRow/row=remembered_20/who=floor-2                   1 10 ns/item
BenchmarkRow/row=remembered_20/who=probabilistic_sampler-2   1 100 ns/item
BenchmarkRow/row=grouped_ratio/who=ours-2 1 20 ns/item
BenchmarkRow/row=grouped_ratio/who=ours_grouped-2 1 22 ns/item
BenchmarkRow/row=grouped_ratio/who=ours_on_logs-2 1 20 ns/item
BenchmarkRow/row=grouped_ratio/who=ours_grouped_on_logs-2 1 22 ns/item
BenchmarkRow/row=grouped_ratio_1/who=ours-2 1 20 ns/item
BenchmarkRow/row=grouped_ratio_1/who=ours_grouped-2 1 22 ns/item
BenchmarkRow/row=grouped_ratio_1/who=ours_on_logs-2 1 20 ns/item
BenchmarkRow/row=grouped_ratio_1/who=ours_grouped_on_logs-2 1 22 ns/item
BenchmarkRow/row=grouped_remembered_20/who=ours-2 1 20 ns/item
BenchmarkRow/row=grouped_remembered_20/who=ours_grouped-2 1 22 ns/item
BenchmarkRow/row=grouped_remembered_20/who=ours_on_logs-2 1 20 ns/item
BenchmarkRow/row=grouped_remembered_20/who=ours_grouped_on_logs-2 1 22 ns/item
BenchmarkRow/row=grouped_remembered_1/who=ours-2 1 20 ns/item
BenchmarkRow/row=grouped_remembered_1/who=ours_grouped-2 1 22 ns/item
BenchmarkRow/row=grouped_remembered_1/who=ours_on_logs-2 1 20 ns/item
BenchmarkRow/row=grouped_remembered_1/who=ours_grouped_on_logs-2 1 22 ns/item
BenchmarkRow/row=grouped_resolved_1/who=ours-2 1 20 ns/item
BenchmarkRow/row=grouped_resolved_1/who=ours_grouped-2 1 22 ns/item
BenchmarkRow/row=grouped_resolved_1/who=ours_on_logs-2 1 20 ns/item
BenchmarkRow/row=grouped_resolved_1/who=ours_grouped_on_logs-2 1 22 ns/item
BenchmarkRow/row=grouped_points/who=ours-2 1 20 ns/item
BenchmarkRow/row=grouped_points/who=ours_grouped-2 1 22 ns/item
BenchmarkRow/row=budgeted_ratio/who=ours-2 1 20 ns/item
BenchmarkRow/row=budgeted_ratio/who=ours_budgeted-2 1 22 ns/item
BenchmarkRow/row=budgeted_ratio/who=ours_on_logs-2 1 20 ns/item
BenchmarkRow/row=budgeted_ratio/who=ours_budgeted_on_logs-2 1 22 ns/item
BenchmarkRow/row=budgeted_remembered_20/who=ours-2 1 20 ns/item
BenchmarkRow/row=budgeted_remembered_20/who=ours_budgeted-2 1 22 ns/item
BenchmarkRow/row=budgeted_remembered_20/who=ours_on_logs-2 1 20 ns/item
BenchmarkRow/row=budgeted_remembered_20/who=ours_budgeted_on_logs-2 1 22 ns/item
BenchmarkRow/row=budgeted_remembered_1/who=ours-2 1 20 ns/item
BenchmarkRow/row=budgeted_remembered_1/who=ours_budgeted-2 1 22 ns/item
BenchmarkRow/row=budgeted_remembered_1/who=ours_on_logs-2 1 20 ns/item
BenchmarkRow/row=budgeted_remembered_1/who=ours_budgeted_on_logs-2 1 22 ns/item
BenchmarkRow/row=remembered_1/who=ours-2                     1 30 ns/item 0 allocs/item
BenchmarkRow/row=remembered_1/who=ours_on_logs-2             1 30 ns/item 0.1 allocs/item 1 allocs/kept
BenchmarkRow/row=remembered_1/who=floor-2                    1 10 ns/item
BenchmarkRow/row=remembered_1/who=probabilistic_sampler-2    1 100 ns/item
BenchmarkRow/row=resolved_20/who=ours-2                      1 50 ns/item 0.2 allocs/item 2 allocs/kept
BenchmarkRow/row=resolved_20/who=ours_on_logs-2              1 50 ns/item 0.2 allocs/item 2 allocs/kept
BenchmarkRow/row=resolved_20/who=floor-2                     1 10 ns/item
BenchmarkRow/row=resolved_20/who=probabilistic_sampler-2     1 100 ns/item
BenchmarkRow/row=resolved_1/who=ours-2                       1 90 ns/item 0.2 allocs/item 2 allocs/kept
BenchmarkRow/row=resolved_1/who=ours_on_logs-2               1 90 ns/item 0.2 allocs/item 2 allocs/kept
BenchmarkRow/row=resolved_1/who=floor-2                      1 10 ns/item
BenchmarkRow/row=resolved_1/who=probabilistic_sampler-2      1 100 ns/item
BenchmarkRow/row=stamped/who=ours-2                          1 90 ns/item 0.1 allocs/item 1 allocs/kept
BenchmarkRow/row=stamped/who=ours_on_logs-2                  1 90 ns/item 0.2 allocs/item 1 allocs/kept
BenchmarkRow/row=stamped/who=probabilistic_sampler_on_logs-2 1 200 ns/item
BenchmarkRow/row=remainder/who=ours-2 1 20 ns/item
BenchmarkRow/row=remainder/who=ours_remainder-2 1 36 ns/item
BenchmarkRow/row=remainder_120/who=ours-2 1 20 ns/item
BenchmarkRow/row=remainder_120/who=ours_remainder-2 1 44 ns/item
BenchmarkRow/row=points/who=ours-2                           1 70 ns/item 0 allocs/item 0 allocs/kept
BenchmarkRow/row=points/who=hash-2                           1 10 ns/item
BenchmarkRow/row=points/who=hash_of_rows-2                   1 2 ns/item
BenchmarkLookup/who=ours-2                                   1 100000 keys/s 1 round-trips/op
BenchmarkLookup/who=query_per_key-2                          1 4000 keys/s
BenchmarkLookup/who=prepared_query_per_key-2                 1 10000 keys/s
BenchmarkParallel/row=ratio/who=floor-2                      1 2.0 speed-up
BenchmarkParallel/row=ratio/who=ours-2                       1 2.0 speed-up
BenchmarkParallel/row=ratio/who=ours_on_logs-2               1 2.0 speed-up
BenchmarkParallel/row=remembered_20/who=ours-2               1 2.0 speed-up
BenchmarkParallel/row=remembered_20/who=ours_on_logs-2       1 2.0 speed-up
BenchmarkParallel/row=remembered_1/who=ours-2                1 2.0 speed-up
BenchmarkParallel/row=remembered_1/who=ours_on_logs-2        1 2.0 speed-up
BenchmarkParallel/row=resolved_20/who=ours-2                 1 2.0 speed-up
BenchmarkParallel/row=resolved_20/who=ours_on_logs-2         1 2.0 speed-up
BenchmarkParallel/row=resolved_1/who=ours-2                  1 2.0 speed-up
BenchmarkParallel/row=resolved_1/who=ours_on_logs-2          1 2.0 speed-up
BenchmarkParallel/row=stamped/who=ours-2                     1 2.0 speed-up
BenchmarkParallel/row=stamped/who=ours_on_logs-2             1 2.0 speed-up
BenchmarkParallel/row=points/who=ours-2                      1 1.8 speed-up
BenchmarkCacheMemory-2                                       1 150 B/entry
BenchmarkTraceMemory-2                                       1 180 B/trace
BenchmarkCollector/with=none-2                               1 20 cpu-s/Mitem
BenchmarkCollector/with=namespace_sampler_1-2                1 20 cpu-s/Mitem
BenchmarkCollector/with=namespace_sampler_0.1-2              1 18 cpu-s/Mitem
BenchmarkCollector/with=namespace_sampler_0.01-2             1 17 cpu-s/Mitem
BenchmarkTailSampling/with=namespace_sampler-2               1 40 cpu-s/Mitem 80 MB-peak-rss
BenchmarkTailSampling/with=tail_sampling-2                   1 90 cpu-s/Mitem 1000 MB-peak-rss
PASS
`

func TestTheStatusSaysWhetherBudgetsAreMet(t *testing.T) {
	for name, test := range map[string]struct {
		old, instead string // of a line
		args         []string
		status       int
		says         string
	}{
		"all are met":       {status: 0, says: "met"},
		"a value is above":  {old: "150 B/entry", instead: "160.1 B/entry", status: 1, says: "MISSED"},
		"a ratio is above":  {old: "30 ns/item", instead: "33.1 ns/item", status: 1, says: "verdict: 1 budgets are missed"},
		"a value is below":  {old: "1.8 speed-up", instead: "1.69 speed-up", status: 1, says: "verdict: 1 budgets are missed"},
		"one has no result": {old: "BenchmarkCacheMemory", instead: "BenchmarkOther", status: 2, says: "0 results of BenchmarkCacheMemory in B/entry"},
		"a line is broken":  {old: "150 B/entry", instead: "x B/entry", status: 2, says: "results.txt:"},
		"an unknown flag":   {args: []string{"-fast"}, status: 2, says: "flag provided but not defined"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "results.txt")
			rounds := strings.Repeat(strings.ReplaceAll(round, test.old, test.instead), 6)
			if test.old == "" {
				rounds = strings.Repeat(round, 6)
			}
			require.NoError(t, os.WriteFile(file, []byte(rounds), 0o600))
			var out strings.Builder
			assert.Equal(t, test.status, run(append(test.args, file), &out, &out), out.String())
			assert.Contains(t, out.String(), test.says)
		})
	}
}

func TestAFileThatCannotBeReadIsAnError(t *testing.T) {
	var out strings.Builder
	assert.Equal(t, 2, run([]string{filepath.Join(t.TempDir(), "none")}, &out, &out))
	assert.Contains(t, out.String(), "none")
}
