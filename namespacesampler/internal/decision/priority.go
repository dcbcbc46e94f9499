// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// PriorityAttribute is the attribute that OpenTracing defined for applications to request that a span is kept or dropped.
const PriorityAttribute = "sampling.priority"

// Priority is the decision that a span requests.
type Priority uint8

const (
	// NoPriority leaves the decision to the rate.
	NoPriority Priority = iota
	// PriorityKeep requests that the span is kept at any rate.
	PriorityKeep
	// PriorityDrop requests that the span is dropped.
	PriorityDrop
)

// PriorityOf reads the priority attribute of a span (T13), an integer, a double or a numeric string: 0 drops, a positive number
// keeps. Anything else, such as a negative number or NaN, requests nothing.
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
