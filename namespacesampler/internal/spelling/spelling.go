// SPDX-License-Identifier: Apache-2.0

// Package spelling finds what a misspelt name was probably meant to be.
package spelling

import "context"

// maxComparedRunes bounds the comparison of two names, whose cost grows with the square of their length.
const maxComparedRunes = 64

// Nearest returns the candidate that a name is probably a misspelling of: the one at the least edit distance, which must not
// exceed a third of the name's length. It finds none if ctx ends.
func Nearest(ctx context.Context, name string, names []string) (string, bool) {
	return nearest(ctx, name, names, distance)
}

// nearest is Nearest with a distance, which is not asked for if the lengths alone are too different.
func nearest(ctx context.Context, name string, names []string, distance func(from, to []rune) int) (string, bool) {
	from, least, found := compared(name), len([]rune(name))/3+1, ""
	for _, candidate := range names {
		if ctx.Err() != nil {
			return "", false
		}
		to := compared(candidate)
		if max(len(from)-len(to), len(to)-len(from)) >= least {
			continue
		}
		if d := distance(from, to); d < least {
			least, found = d, candidate
		}
	}
	return found, found != ""
}

// compared returns the part of a name that is compared.
func compared(name string) []rune {
	runes := make([]rune, 0, min(len(name), maxComparedRunes))
	for _, r := range name {
		if len(runes) == maxComparedRunes {
			break
		}
		runes = append(runes, r)
	}
	return runes
}

// distance returns the Levenshtein distance of two names.
func distance(from, to []rune) int {
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
