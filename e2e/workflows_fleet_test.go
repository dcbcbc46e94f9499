// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// fleetRates are the rates of testdata/workflows.yaml and of the second tier.
var fleetRates = map[string]float64{"payments": 1, "orders": 0.5, "analytics": 0.01, "billing": 0.1}

// newFleetWorkflows returns workflows of all of fleetRates.
func newFleetWorkflows(n int) []workflow {
	return newWorkflows(random(), n, []string{"payments"}, []string{"orders"}, []string{"analytics"}, []string{"billing"}, []string{"billing"})
}

// tracesOf returns the traces of workflows.
func tracesOf(all []workflow) (whole [][]span) {
	for i := range all {
		whole = append(whole, all[i].traces...)
	}
	return whole
}

// byFleetRates returns what must become of workflows: those of which everything arrives, and the tracestates of their spans.
func byFleetRates(t testing.TB, all []workflow) (complete map[string]arrival, states outcomes) {
	t.Helper()
	hashes := xxh64(t, keysOf(all)...)
	complete, states = map[string]arrival{}, outcomes{}
	for i := range all {
		w := &all[i]
		if states.expectGroup(t, fleetRates[w.namespaces[0]], hashes[w.key], w.spans()...) {
			complete[w.key] = w.sent()
		}
	}
	return complete, states
}

// sendPieces sends spans from..to of each trace, those of 20 traces to a request.
func sendPieces(t testing.TB, client *harness.Client, all []workflow, from, to int) {
	t.Helper()
	whole := tracesOf(all)
	for begin := 0; begin < len(whole); begin += 20 {
		some := whole[begin:min(begin+20, len(whole))]
		var spans []span
		for _, trace := range some {
			spans = append(spans, trace[from:to]...)
		}
		client.Traces(linked(traces(t, nil, nil, spans...), some))
	}
}

// TestAnyBalancerKeepsWorkflowsWhole: testdata/workflows.yaml as each of three collectors. Requests go to them in turn, and each tells the
// workflows of its traces; a trace comes in two requests. One of the collectors stops, and starts again.
func TestAnyBalancerKeepsWorkflowsWhole(t *testing.T) { // G1 to G5
	t.Parallel()
	all := newFleetWorkflows(600)
	f := startFleet(t, 3, harness.Options{
		Base: testdata + "/workflows.yaml", Before: []string{"memory_limiter"}, After: []string{"batch"}, FixedPorts: true,
		Env: []string{"DATABASE_URL=" + insertWorkflows(t, all)}, Processor: `
namespaces: {probe: 0}
postgres: {wait: 20s, query_timeout: 15s, registry: {interval: 0}}`,
	})
	client := harness.NewBalancedClient(t, f.collectors...)
	before, torn, meanwhile := all[:200], all[200:400], all[400:]
	sendSeries := func(round int) {
		for begin := 0; begin < len(all); begin += 25 {
			client.Metrics(workflowPoints(t, all[begin:begin+25], round))
		}
	}

	sendPieces(t, client, before, 0, 2)
	sendPieces(t, client, before, 2, 3)
	sendPieces(t, client, torn, 0, 2)
	sendSeries(0)
	for i, c := range f.collectors {
		assert.NotZero(t, c.Scrape().Sum(harness.Prefix+"spans", nil), "collector %d has its share", i)
	}

	away := f.collectors[1]
	away.Stop()
	sendPieces(t, client, meanwhile, 0, 2)
	sendSeries(1)
	away.StartAgain()
	require.True(t, harness.Eventually(time.Minute, func() bool {
		client.Traces(traces(t, nil, nil, newSpan(trace(t, "1"), "", attrs{"namespace": "probe"})))
		return away.Scrape().Sum(harness.Prefix+"spans", nil) > 0
	}), "it gets its share again")
	sendPieces(t, client, torn, 2, 3)
	sendPieces(t, client, meanwhile, 2, 3)
	sendSeries(2)
	for _, c := range f.collectors {
		c.Stop() // and sends what is batched
	}

	complete, states := byFleetRates(t, all)
	got := arrivals(t, all, f.sink)
	t.Logf("%d of %d workflows have left something", len(got), len(all))
	assert.Equal(t, complete, got, "the workflows that are kept are complete, and nothing arrives of the others")
	assert.Equal(t, states, outcomesOf(f.sink.Spans()))
}

// TestTwoTiersKeepWorkflowsWhole: the second tier with consistent_by. Each span of a trace comes by itself. Those that tell no workflow wait for
// one that does, whether they name their namespace or not; if they come after it, they follow it.
func TestTwoTiersKeepWorkflowsWhole(t *testing.T) { // G4, T19
	t.Parallel()
	all := newFleetWorkflows(200)
	for i := range all {
		for n, trace := range all[i].traces {
			switch (i + n) % 3 {
			case 0: // nothing, step, root
			case 1:
				trace[0], trace[1], trace[2] = trace[1], trace[2], trace[0]
			case 2:
				trace[0].attributes = attrs{"namespace": all[i].namespaces[0]}
			}
		}
	}
	tiers := startTwoTiers(t, insertWorkflows(t, all), "consistent_by: [correlation_id]")
	sendRounds(t, harness.NewClient(t, tiers.first), tracesOf(all), 0, 3)
	sent := 0
	for i := range all {
		sent += len(all[i].spans())
	}
	require.True(t, harness.Eventually(time.Minute, func() bool {
		decided := 0
		for _, c := range tiers.second {
			decided += int(c.Scrape().Sum(harness.Prefix+"spans", nil))
		}
		return decided == sent
	}), "no span waits any longer")
	tiers.stop()
	_, states := byFleetRates(t, all)
	assert.Len(t, tiers.arrived(), len(states), "each once")
	assert.Equal(t, states, outcomesOf(tiers.arrived()), "the spans of the workflows that are kept arrive, with the randomness of the group")
}
