// SPDX-License-Identifier: Apache-2.0

// Package spelling finds what a misspelt name was probably meant to be.
package spelling

// maxComparedRunes bounds the comparison of two names, whose cost grows with the square of their length.
const maxComparedRunes = 64

// Nearest returns the candidate that a name is probably a misspelling of: the one at the least edit distance, which must not
// exceed a third of the name's length.
func Nearest(name string, names []string) (string, bool) {
	least, found := len([]rune(name))/3+1, ""
	for _, candidate := range names {
		if d := distance(name, candidate); d < least {
			least, found = d, candidate
		}
	}
	return found, found != ""
}

// distance returns the Levenshtein distance of two names.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	from, to = from[:min(len(from), maxComparedRunes)], to[:min(len(to), maxComparedRunes)]
	row := make([]int, len(to)+1) // distances from from[:i] to each to[:j]
	for j := range row {
		row[j] = j
	}
	for i := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j := range to {
			replace := diagonal
			if from[i] != to[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(to)]
}
