// SPDX-License-Identifier: Apache-2.0

// Package verdict judges results of benchmarks by budgets. A budget bounds a measured value, or its ratio to a reference that was
// measured beside it. What is judged is the median over runs; the confidence interval of the median says how sure that is, by the
// method of benchstat, which assumes nothing of how results are distributed. A ratio is taken run by run, so that a slow minute
// hits both its sides, and the median is that of the ratios.
package verdict
