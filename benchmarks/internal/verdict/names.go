// SPDX-License-Identifier: Apache-2.0

package verdict

import "fmt"

// ours returns the name of the benchmark of the processor in a row of BenchmarkRow.
func ours(row string) string { return peer(row, "ours") }

// peer returns the name of the benchmark of a contender in a row of BenchmarkRow.
func peer(row, who string) string { return fmt.Sprintf("Row/row=%s/who=%s", row, who) }

// parallel returns the name of the benchmark of a contender on a number of CPUs.
func parallel(row string, cpus int, who string) string {
	return fmt.Sprintf("Parallel/row=%s/cpus=%d/who=%s", row, cpus, who)
}
