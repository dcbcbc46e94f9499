// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// fleet is some collectors with the same configuration and one sink. Nothing routes what they get.
type fleet struct {
	collectors []*harness.Collector
	clients    []*harness.Client
	sink       *harness.Sink
}

func startFleet(t testing.TB, n int, o harness.Options) *fleet {
	t.Helper()
	f := &fleet{sink: harness.NewSink(t)}
	o.Sink = f.sink
	for range n {
		collector := harness.Start(t, o)
		f.collectors = append(f.collectors, collector)
		f.clients = append(f.clients, harness.NewClient(t, collector))
	}
	return f
}

// sum returns the sum of a metric over the collectors.
func (f *fleet) sum(name string, labels harness.Labels) (sum int) {
	for _, c := range f.collectors {
		sum += int(c.Scrape().Sum(harness.Prefix+name, labels))
	}
	return sum
}

// assertCountedOnce asserts that the counters of all collectors together count every item once.
func (f *fleet) assertCountedOnce(t testing.TB, signal string, sent, received int) {
	t.Helper()
	assert.Equal(t, received, f.sum(signal, harness.Labels{"decision": "kept"}), "kept %s", signal)
	assert.Equal(t, sent-received, f.sum(signal, harness.Labels{"decision": "dropped"}), "dropped %s", signal)
}

// workflowRates is a configuration whose namespaces have the rate, but for one with half of it and one with twice as much.
func workflowRates(rate float64, dsn, more string) string {
	return fmt.Sprintf(`
sample_rate: %v
namespaces: {analytics: %v, integrations: %v}
postgres: {dsn: %q, wait: 20s, query_timeout: 15s, registry: {interval: 0}}
%s`, rate, rate/2, 2*rate, dsn, more)
}

func (w *workflow) rate(rate float64) float64 {
	switch w.namespaces[0] {
	case "analytics":
		return rate / 2
	case "integrations":
		return 2 * rate
	}
	return rate
}

// TestWorkflowsAreCompleteOrAbsent: 2,000 workflows of several traces and series. Each request goes to one of three collectors at random, and
// half of the spans have their group from Postgres.
func TestWorkflowsAreCompleteOrAbsent(t *testing.T) { // G1 to G6
	t.Parallel()
	all := newWorkflows(random(), 2000,
		[]string{"orders"}, []string{"billing", "shipping"}, []string{"shipping"}, []string{"analytics"}, []string{"integrations"})
	dsn, hashes := insertWorkflows(t, all), xxh64(t, keysOf(all)...)
	var sent arrival
	for i := range all {
		w := all[i].sent()
		sent.spans, sent.points = sent.spans+w.spans, sent.points+w.points
	}

	var lower map[string]arrival // what a lower rate has kept
	for _, rate := range []float64{0.05, 0.1, 0.2} {
		f := startFleet(t, 3, harness.Options{Processor: workflowRates(rate, dsn, "consistent_by: [correlation_id]")})
		sendWorkflows(t, random(), f.clients, all)

		want, states := map[string]arrival{}, outcomes{}
		for i := range all {
			w := &all[i]
			if states.expectGroup(t, w.rate(rate), hashes[w.key], w.spans()...) {
				want[w.key] = w.sent()
			}
		}
		got := arrivals(t, all, f.sink)
		t.Logf("at %v: %d of %d workflows", rate, len(got), len(all))
		assert.Equal(t, want, got, "at %v: the workflows that the hash keeps are complete, and nothing arrives of the others", rate)
		assert.Equal(t, states, outcomesOf(f.sink.Spans()), "at %v: the spans of a workflow leave with its randomness and the threshold", rate)
		for key := range lower {
			assert.Contains(t, got, key, "what a lower rate keeps, %v keeps", rate)
		}
		assert.Greater(t, len(got), len(lower))
		lower = got

		f.assertCountedOnce(t, "spans", sent.spans, len(f.sink.Spans()))
		f.assertCountedOnce(t, "datapoints", sent.points, len(f.sink.Points()))
		assert.Zero(t, f.sum("tracestate_faults", nil))
		assert.Zero(t, f.sum("ungrouped_items", nil))
		assert.Zero(t, f.sum("lookup_keys", harness.Labels{"outcome": "unavailable"}))
		for i, c := range f.collectors {
			assert.NotZero(t, c.Scrape().Sum(harness.Prefix+"spans", harness.Labels{"decision": "kept"}), "collector %d", i)
		}
	}
}

// Without consistent_by, a tenth keeps something of most workflows, and none whole.
func TestWorkflowsAreCutByTraceIDs(t *testing.T) {
	t.Parallel()
	all := newWorkflows(random(), 300, []string{"orders"})
	f := startFleet(t, 1, harness.Options{Processor: workflowRates(0.1, insertWorkflows(t, all), "")})
	sendWorkflows(t, random(), f.clients, all)
	got, whole := arrivals(t, all, f.sink), 0
	for i := range all {
		if got[all[i].key] == all[i].sent() {
			whole++
		}
	}
	t.Logf("%d of %d workflows have left something, %d are complete", len(got), len(all), whole)
	require.Greater(t, len(got), 100)
	assert.Zero(t, whole)
}
