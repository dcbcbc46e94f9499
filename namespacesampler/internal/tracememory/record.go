// SPDX-License-Identifier: Apache-2.0

package tracememory

import (
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// What log records take from their trace (L3).

// RateOfRecord returns the rate of a log record of the trace. own is the rate of its namespace in the table for log records. The rate of the
// trace takes its place, and ofTrace is true, if the trace is kept whole, or if it has a namespace and own is not for log records alone.
func (k Known) RateOfRecord(own *rate.Match) (match *rate.Match, ofTrace bool) {
	if k.IsKept() || k.IsNamed() && own.Signal != rate.Logs {
		return k.Trace.Rate, true
	}
	return own, false
}

// DecidesRecords reports whether log records of the trace have its randomness, whatever group they have themselves.
func (k Known) DecidesRecords() bool { return k.IsNamed() || k.Group.IsSettled() }

// GroupOfRecord returns the group that decides a log record of the trace. own is the group of the record itself.
func (k Known) GroupOfRecord(own group.Group) group.Group {
	if k.DecidesRecords() {
		return k.Group
	}
	return own
}
