// SPDX-License-Identifier: Apache-2.0

package report

import (
	"math"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/terminal"
)

// barWidth is the width of a bar of everything that was sent.
const barWidth = 28

// The glyphs of a bar. A part that is too small for a cell of its own has a sliver.
const (
	glyphFirst  = "█"
	glyphSecond = "▒"
	glyphRest   = "·"
	glyphSliver = "▏"
)

// bar draws two parts of a whole, and the rest.
func bar(style terminal.Style, first, second, whole float64) string {
	if whole <= 0 || math.IsNaN(whole) || math.IsInf(whole, 0) {
		return ""
	}
	// Ends are rounded, not lengths, so that parts that add up to the whole fill the bar.
	end := cell(first, whole)
	last := max(end, cell(first+second, whole))
	left := strings.Repeat(glyphFirst, end)
	if end == 0 && first > 0 {
		left = glyphSliver
		end = 1
		last = max(last, end)
	}
	middle := strings.Repeat(glyphSecond, last-end)
	return style.Green(left) + middle + style.Dim(strings.Repeat(glyphRest, barWidth-last))
}

// cell is the cell of a bar in which a part of a whole ends.
func cell(part, whole float64) int {
	return int(math.Round(barWidth * min(1, max(0, part/whole))))
}
