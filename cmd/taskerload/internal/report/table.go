// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// table prints rows with columns as wide as their widest cell: the first and the last to the left, numbers to the right.
type table struct {
	groups []group // printed over the header
	header []string
	left   int  // how many of the first columns are text
	right  bool // the last column is none
	rows   [][]string
}

// group is a title over some columns.
type group struct {
	title   string
	columns int
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print(w io.Writer) {
	widths := make([]int, len(t.header))
	all := append([][]string{t.header}, t.rows...)
	for _, cells := range all {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	t.printGroups(w, widths)
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
		say(w, "%s\n", strings.TrimRight("  "+line.String(), " "))
	}
}

// printGroups puts each title at the left of its columns, which become wide enough for it.
func (t *table) printGroups(w io.Writer, widths []int) {
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
	say(w, "%s\n", strings.TrimRight(line, " "))
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	digits := strconv.Itoa(abs(n))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if n < 0 {
		return "-" + digits
	}
	return digits
}

// say writes to the terminal. When that is gone there is nobody left to tell.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}
