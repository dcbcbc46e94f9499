// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// TestHeldSpansKeepTheirBatches compares hold with groupbytrace, which passes each trace on by itself, so that each is looked up by itself. 40
// traces of different tasks come in three requests: two with children that carry nothing, and one with the roots, which carry the tasks.
func TestHeldSpansKeepTheirBatches(t *testing.T) { // T19
	t.Parallel()
	const n, size = 40, 3
	var rows []taskerdb.Task
	for range n {
		rows = append(rows, newTask("payments"))
	}
	dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, rows...)
	for _, tt := range []struct {
		name, hold         string
		before             []string
		allWhole, inOneLot bool
	}{
		{name: "alone", inOneLot: true},
		{name: "hold", hold: "tracing: {hold: {wait: 10m}}", allWhole: true, inOneLot: true},
		{name: "groupbytrace", before: []string{"groupbytrace"}},
		{name: "groupbytrace, batch", before: []string{"groupbytrace", "batch"}},
	} {
		sink := harness.NewSink(t)
		o := harness.Options{Sink: sink, Processor: resolving(dsn, "") + tt.hold}
		if len(tt.before) > 0 {
			o.Base, o.BeforeSpans = groupedByTrace(t), tt.before
		}
		collector := harness.Start(t, o)
		client, r := harness.NewClient(t, collector), random()
		all := make([][]span, n)
		for i := range all {
			id := randomTrace(r)
			all[i] = []span{newSpan(id, "", nil), newSpan(id, "", nil), newSpan(id, "", attrs{"task_uuid": rows[i].UUID})}
		}
		for round := range size {
			var spans []span
			for _, trace := range all {
				spans = append(spans, trace[round])
			}
			client.Traces(linked(traces(t, nil, nil, spans...), all))
		}
		awaitDecided(t, collector, n*size)
		whole := 0
		for _, spans := range bySpans(sink.Spans()) {
			if spans == size {
				whole++
			}
		}
		trips := int(collector.Scrape().Sum(harness.Prefix+"lookup_round_trips", nil))
		t.Logf("%s: %d of %d traces are complete, %d round trips for %d keys", tt.name, whole, n, trips, n)
		if tt.allWhole {
			assert.Equal(t, n, whole, tt.name)
		}
		if tt.inOneLot {
			assert.Equal(t, 1, trips, tt.name)
		}
	}
}
