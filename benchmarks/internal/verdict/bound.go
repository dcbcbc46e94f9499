// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"

	"golang.org/x/perf/benchmath"
)

// Bound limits the median of what is judged. The zero Bound limits nothing; its row is for orientation.
type Bound struct {
	sign  sign
	value float64
	// upperEnd limits the upper end of the median's confidence interval, unless it is 0.
	upperEnd float64
}

type sign string

const (
	none  sign = ""
	most  sign = "≤"
	least sign = "≥"
)

func atMost(value float64) Bound  { return Bound{sign: most, value: value} }
func atLeast(value float64) Bound { return Bound{sign: least, value: value} }

// withInterval also limits the upper end of the confidence interval.
func (b Bound) withInterval(upperEnd float64) Bound {
	b.upperEnd = upperEnd
	return b
}

// Holds reports whether a median of x would be within the bound.
func (b Bound) Holds(x float64) bool {
	switch b.sign {
	case most:
		return x <= b.value
	case least:
		return x >= b.value
	default:
		return true
	}
}

func (b Bound) met(s benchmath.Summary) bool {
	return b.Holds(s.Center) && (b.upperEnd == 0 || s.Hi <= b.upperEnd)
}

// clear reports whether the whole interval is on the same side of the bound.
func (b Bound) clear(s benchmath.Summary) bool { return b.Holds(s.Lo) == b.Holds(s.Hi) }

func (b Bound) text(unit string) string {
	if b.sign == none {
		return "–"
	}
	text := fmt.Sprintf("%s %v%s", b.sign, b.value, unit)
	if b.upperEnd != 0 {
		text += fmt.Sprintf(", all ≤ %v%s", b.upperEnd, unit)
	}
	return text
}
