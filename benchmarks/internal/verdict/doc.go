// SPDX-License-Identifier: Apache-2.0

// Package verdict compares benchmark results to budgets. A budget bounds a measured value, or its ratio to a reference. Ratios are
// taken run by run, so that a slow minute affects both sides, and the median of the ratios is judged. Its confidence interval is
// computed as benchstat does it, without an assumption about the distribution.
package verdict
