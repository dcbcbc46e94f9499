// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// table prints rows in aligned columns. Text is aligned left, numbers right.
type table struct {
	groups []group // printed above the header
	header []string
	left   int  // number of leading columns that hold text
	right  bool // the last column holds numbers, not text
	rows   [][]string
}

// group is a title above some columns.
type group struct {
	title   string
	columns int
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print(b *strings.Builder) {
	widths := make([]int, len(t.header))
	all := append([][]string{t.header}, t.rows...)
	for _, cells := range all {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	t.printGroups(b, widths)
	for _, cells := range all {
		var line strings.Builder
		for i, cell := range cells {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < t.left || i == len(t.header)-1 && !t.right {
				line.WriteString(cell + pad + "  ")
			} else {
				line.WriteString(pad + cell + "  ")
			}
		}
		fmt.Fprintf(b, "%s\n", strings.TrimRight("  "+line.String(), " "))
	}
}

// printGroups prints each title above its columns, left-aligned, and widens the first of them if the title needs it.
func (t *table) printGroups(b *strings.Builder, widths []int) {
	if len(t.groups) == 0 {
		return
	}
	line := strings.Repeat(" ", 2)
	column := 0
	for _, g := range t.groups {
		width := 0
		for _, cell := range widths[column : column+g.columns] {
			width += cell + 2
		}
		if missing := utf8.RuneCountInString(g.title) + 2 - width; missing > 0 {
			widths[column] += missing
			width += missing
		}
		line += g.title + strings.Repeat(" ", width-utf8.RuneCountInString(g.title))
		column += g.columns
	}
	fmt.Fprintf(b, "%s\n", strings.TrimRight(line, " "))
}
