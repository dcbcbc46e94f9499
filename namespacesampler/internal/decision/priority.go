// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// PriorityAttribute is the attribute by which OpenTracing let applications ask for a span to be kept or dropped.
const PriorityAttribute = "sampling.priority"

// Priority is what a span asks for.
type Priority uint8

const (
	// NoPriority leaves the decision to the rate.
	NoPriority Priority = iota
	// PriorityKeep asks for the span to be kept, whatever the rate.
	PriorityKeep
	// PriorityDrop asks for it to be dropped.
	PriorityDrop
)

// PriorityOf reads the priority attribute of a span (T13): an integer, a double or a string that holds a number. 0 drops, more keeps;
// anything else, negative numbers and NaN among it, asks for nothing.
func PriorityOf(attributes pcommon.Map) Priority {
	v, ok := attributes.Get(PriorityAttribute)
	if !ok {
		return NoPriority
	}
	var number float64
	switch v.Type() {
	case pcommon.ValueTypeInt:
		number = float64(v.Int())
	case pcommon.ValueTypeDouble:
		number = v.Double()
	case pcommon.ValueTypeStr:
		var err error
		if number, err = strconv.ParseFloat(strings.TrimSpace(v.Str()), 64); err != nil {
			return NoPriority
		}
	default:
		return NoPriority
	}
	switch {
	case number > 0:
		return PriorityKeep
	case number == 0:
		return PriorityDrop
	}
	return NoPriority
}
