// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strconv"
)

// Thousands formats 1234567 as 1,234,567.
func Thousands(n int) string {
	digits := strconv.Itoa(abs(n))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if n < 0 {
		return "-" + digits
	}
	return digits
}

// FormatRate formats a sampling rate.
func FormatRate(rate float64) string { return fmt.Sprintf("%g", rate) }

func percent(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", 100*float64(part)/float64(whole))
}
