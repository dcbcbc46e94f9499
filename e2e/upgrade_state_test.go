// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// What the collector knows about traces does not outlive it: spans of a trace that come after an upgrade and do not tell their namespace are
// sampled at the global rate.
func TestTracesThatAnUpgradeCuts(t *testing.T) { // T15, T16
	t.Parallel()
	const n = 400
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, FixedPorts: true, Processor: rates})
	roots, second, third := randomSpans(random(), n, namespaced("payments")), make([]span, n), make([]span, n)
	for i, root := range roots {
		second[i], third[i] = newSpan(root.trace, "", nil), newSpan(root.trace, "", nil)
	}
	want := outcomes{}
	want.expect(t, 1, roots...)
	want.expect(t, 1, second...)
	client := harness.NewClient(t, collector)
	client.Traces(traces(t, nil, nil, roots...))
	client.Traces(traces(t, nil, nil, second...))
	require.Equal(t, want, outcomesOf(sink.Spans()))

	collector.Stop()
	collector.StartAgain()
	want.expect(t, rateOf["nobody listed it"], third...)
	harness.NewClient(t, collector).Traces(traces(t, nil, nil, third...))
	assert.Equal(t, want, outcomesOf(sink.Spans()))
	assert.Less(t, len(want), 3*n, "or the test would show nothing")
}

// A stop drops what an exporter has acknowledged and cannot deliver, unless its queue is on disk. The log says that it does in either case.
func TestWhatIsQueuedAtAnUpgrade(t *testing.T) {
	t.Parallel()
	const n = 100
	for _, tt := range []struct {
		name, storage string
		arrive        int
	}{
		{"in memory", "", 0},
		{"on disk", ", storage: file_storage", n},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sink := harness.NewSink(t)
			collector := harness.Start(t, harness.Options{
				Sink: sink, FixedPorts: true, Processor: rates, Expect: []string{"Exporting failed. Dropping data."},
				Extensions: map[string]string{"file_storage": "{directory: " + t.TempDir() + "}"},
				Delivery:   "sending_queue: {enabled: true" + tt.storage + "}\nretry_on_failure: {enabled: true, initial_interval: 100ms, max_interval: 100ms}",
			})
			sink.Refuse(true)
			earlier := randomSpans(random(), n, namespaced("payments"))
			harness.NewClient(t, collector).Traces(traces(t, nil, nil, earlier...))
			require.True(t, harness.Eventually(time.Minute, func() bool { return collector.Log().Count("Will retry the request") > 0 }))
			collector.Stop()
			sink.Refuse(false)
			collector.StartAgain()

			later := newSpan(trace(t, "1"), "", namespaced("payments"))
			harness.NewClient(t, collector).Traces(traces(t, nil, nil, later))
			require.True(t, harness.Eventually(time.Minute, func() bool { return len(sink.Spans()) >= tt.arrive+1 }))
			collector.Stop() // with whatever is left in the queue
			want := outcomes{later.id: ""}
			want.expect(t, 1, earlier[:tt.arrive]...)
			assert.Equal(t, want, outcomesOf(sink.Spans()))
			assert.Len(t, sink.Spans(), tt.arrive+1, "each once")
		})
	}
}

// A rollback finds tables that a later version has changed: columns that this version does not know disturb neither overrides nor budgets.
func TestTablesMayHaveColumnsOfALaterVersion(t *testing.T) {
	t.Parallel()
	fleet, err := os.ReadFile(testdata + "/fleet.sql")
	require.NoError(t, err)
	dsn := newOverridesDatabase(t, sharedCluster(t), string(fleet), `
ALTER TABLE namespace_sampling_overrides ADD COLUMN later text NOT NULL DEFAULT 'x';
ALTER TABLE namespace_sampling_fleet ADD COLUMN later text NOT NULL DEFAULT 'x';
INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('payments', 0)`)
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: fmt.Sprintf(`
tracing: {budget: {items_per_second: 1000000}}
budgets: {interval: 1s}
postgres: {dsn: %q, overrides: {enabled: true}, fleet: {enabled: true}}
`, dsn)})
	client, r := harness.NewClient(t, collector), random()
	require.True(t, harness.Eventually(time.Minute, func() bool {
		sink.Reset()
		client.Traces(traces(t, nil, nil, append(randomSpans(r, 10, namespaced("payments")), randomSpans(r, 10, namespaced("orders"))...)...))
		return len(sink.Spans()) == 10 && collector.Scrape().Sum(harness.Prefix+"fleet_collectors", nil) == 1
	}), "the override applies, and the collector counts itself")
}
