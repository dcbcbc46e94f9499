// SPDX-License-Identifier: Apache-2.0

// Package ledger records what must arrive and what does arrive, item by item.
//
// [Spans], [Points] and [Records] get every request before it is sent and every request that the collector exports. After the run
// each settles into a [Summary]. [Scrape] reads the counters that the collector keeps itself.
package ledger

import "github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"

// Summary is the result of a run for one signal.
type Summary struct {
	Metric   string          // that counts the items in the processor's own metrics
	Rows     map[string]*Row // by label
	Sent     int
	Unknown  int      // items that arrived and were never sent
	Examples []string // of faults
	Sources  map[oracle.Source]int

	// What the processor must have counted, and the number of keys that it must have looked up: distinct ones of each
	// request.
	Counters map[oracle.Counter]int
	Keys     int

	Remainders int        // data points that arrived, and that dropped ones add up to
	Increases  *Increases // of growing series; nil: none were sent

	Held    int // spans that the processor must have held
	Waiting int // those of them that no request has decided

	Overruled int // spans whose workflow the processor must have counted as overruled by another sampler

	Faults map[string]int     // log records with faulty stamps that the processor must have counted
	ByDraw map[float64]*Count // by rate: log records that an independent draw decides, and those of them that arrived
}

// Row counts the items of one group.
type Row struct {
	oracle.Group

	Sent, Kept                    int
	ByTrace                       int // decided by the rate of the trace, which is not known from the item itself
	Failing                       int // spans and log records that are kept because a span of their trace failed
	Missing, Unexpected, Repeated int

	// Kept items with wrong content.
	WrongTracestate, WrongStamp, WrongNamespace, Altered int

	// Draws counts the items of each independent draw: the spans of a trace, and the points of a series, are kept or
	// dropped together.
	Draws map[Draw]int

	// The number of spans that the row's spans represented when they were sent, and that those that arrived represent.
	WeightSent, WeightKept float64
}

// Draw is the randomness of a trace or series, and the rate that decides about it.
type Draw struct {
	Randomness uint64
	Rate       float64
}

// Faults is the number of items that are not as expected.
func (r *Row) Faults() int {
	return r.Missing + r.Unexpected + r.Repeated + r.WrongTracestate + r.WrongStamp + r.WrongNamespace + r.Altered
}

// Sum adds up a count over all rows.
func (s *Summary) Sum(count func(*Row) int) (total int) {
	for _, r := range s.Rows {
		total += count(r)
	}
	return total
}
