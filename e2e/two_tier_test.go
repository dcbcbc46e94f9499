// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// twoTiers are the collectors of testdata/two-tier: one that routes by trace ID, and three that sample.
type twoTiers struct {
	first  *harness.Collector
	second [3]*harness.Collector
	sinks  [3]*harness.Sink // of each of the second tier
}

// startTwoTiers starts the collectors, with more settings of the processor. Spans wait for names, and batches for lookups, longer than the
// test takes.
func startTwoTiers(t *testing.T, dsn, more string) *twoTiers {
	t.Helper()
	tiers, env := &twoTiers{}, []string{}
	for i := range tiers.second {
		tiers.sinks[i] = harness.NewSink(t)
		tiers.second[i] = harness.Start(t, harness.Options{
			Base: testdata + "/two-tier/second.yaml", Before: []string{"memory_limiter"}, After: []string{"transform/routed", "batch"}, Sink: tiers.sinks[i], FixedPorts: true,
			Env: []string{"DATABASE_URL=" + dsn}, Processor: `
tracing: {hold: {wait: 10m}, trace_memory: {ttl: 1h}}
postgres: {wait: 20s, query_timeout: 15s, registry: {interval: 0}}
` + more,
		})
		env = append(env, fmt.Sprintf("SECOND_TIER_%d=%s", i+1, tiers.second[i].Addr()))
	}
	tiers.first = harness.Start(t, harness.Options{
		Base: testdata + "/two-tier/first.yaml", Bare: true, Before: []string{"memory_limiter", "transform/route"}, SpanExporter: "load_balancing", LogExporter: "load_balancing", Env: env,
		SinkAddr: harness.RefusingAddress(t), Expect: []string{"Exporting failed", "connection"},
	})
	return tiers
}

// arrived returns the spans that the second tier has passed on.
func (tiers *twoTiers) arrived() (spans []harness.Span) {
	for _, sink := range tiers.sinks {
		spans = append(spans, sink.Spans()...)
	}
	return spans
}

// stop stops the first tier, and then the second, which decides what it holds.
func (tiers *twoTiers) stop() {
	tiers.first.Stop()
	for _, c := range tiers.second {
		c.Stop()
	}
}

// task is a namespace with its rate in testdata/two-tier/second.yaml and the UUID of one of its tasks.
type task struct {
	namespace, uuid string
	rate            float64
}

// tracesOfTasks returns traces of four spans in the order in which they end: two children that carry nothing, and a child and the root, which
// carry the UUID of their task.
func tracesOfTasks(r *rand.Rand, tasks []task, n int) (all [][]span, rates map[pcommon.TraceID]float64) {
	rates = map[pcommon.TraceID]float64{}
	for i := range n {
		id, of := randomTrace(r), tasks[i%len(tasks)]
		carried := attrs{"task_uuid": of.uuid}
		all = append(all, []span{newSpan(id, "", nil), newSpan(id, "", nil), newSpan(id, "", carried), newSpan(id, "", carried)})
		rates[id] = of.rate
	}
	return all, rates
}

// sendRounds sends spans from..to of each trace, the first of all traces before the second of any, 20 to a request.
func sendRounds(t *testing.T, client *harness.Client, all [][]span, from, to int) {
	t.Helper()
	for round := from; round < to; round++ {
		for begin := 0; begin < len(all); begin += 20 {
			var spans []span
			for _, trace := range all[begin:min(begin+20, len(all))] {
				spans = append(spans, trace[round])
			}
			client.Traces(linked(traces(t, nil, nil, spans...), all))
		}
	}
}

func TestTwoTiersKeepTracesWholeWhileACollectorStopsAndStarts(t *testing.T) { // T16, T19
	t.Parallel()
	const n = 240
	payments, orders, analytics := newTask("payments"), newTask("orders"), newTask("analytics")
	dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, payments, orders, analytics)
	tasks := []task{{"payments", payments.UUID, 1}, {"orders", orders.UUID, 0.5}, {"analytics", analytics.UUID, 0.01}}
	tiers, r := startTwoTiers(t, dsn, ""), random()
	client := harness.NewClient(t, tiers.first)

	want := outcomes{}
	expect := func(all [][]span, rates map[pcommon.TraceID]float64) {
		for _, trace := range all {
			want.expect(t, rates[trace[0].trace], trace...)
		}
	}

	// Before: traces that end, and traces of payments whose root has come and whose other spans come later.
	before, rates := tracesOfTasks(r, tasks, n)
	expect(before, rates)
	sendRounds(t, client, before, 0, 4)
	torn, _ := tracesOfTasks(r, tasks[:1], n)
	for _, trace := range torn {
		trace[0], trace[3] = trace[3], trace[0]
	}
	sendRounds(t, client, torn, 0, 1)
	require.True(t, harness.Eventually(time.Minute, func() bool { return len(tiers.arrived()) == len(want)+n }), "they are all decided")

	// While one of the three is away, and after it is back.
	const away = 1
	tiers.second[away].Stop()
	meanwhile, rates := tracesOfTasks(r, tasks, n)
	expect(meanwhile, rates)
	sendRounds(t, client, meanwhile, 0, 4)
	tiers.second[away].StartAgain()
	sendRounds(t, client, torn, 1, 2) // nothing tells the namespace
	after, rates := tracesOfTasks(r, tasks, n)
	expect(after, rates)
	sendRounds(t, client, after, 0, 4)

	isTorn := map[pcommon.TraceID]bool{}
	for _, trace := range torn {
		isTorn[trace[0].trace] = true
	}
	forgotten := 0 // traces that the collector that was away has begun
	for _, s := range tiers.sinks[away].Spans() {
		if isTorn[s.TraceID()] {
			forgotten++
		}
	}
	require.True(t, harness.Eventually(2*time.Minute, func() bool {
		return len(tiers.arrived()) == len(want)+2*n-forgotten && int(tiers.second[away].Scrape().Sum(harness.Prefix+"held_spans", nil)) == forgotten
	}), "the first tier tries again until everything has arrived")
	tiers.stop()

	at, pieces, all := map[pcommon.TraceID]int{}, map[pcommon.TraceID]int{}, []harness.Span{}
	for i, sink := range tiers.sinks {
		for _, s := range sink.Spans() {
			id := s.TraceID()
			if earlier, known := at[id]; known {
				require.Equal(t, earlier, i, "all spans of a trace go to one collector, also while another is away")
			}
			at[id] = i
			if pieces[id]++; !isTorn[id] {
				all = append(all, s)
			}
		}
	}
	assert.Len(t, all, len(want), "each once")
	assert.Equal(t, want, outcomesOf(all), "of the traces that are kept all spans arrive, with the threshold of their rate")

	moved, whole := 0, 0
	for id := range isTorn {
		switch {
		case at[id] != away:
			assert.Equal(t, 2, pieces[id], "its collector remembers it")
		case pieces[id] == 2:
			moved, whole = moved+1, whole+1
		default:
			moved++
		}
	}
	t.Logf("%d of %d traces in progress belong to the collector that was away and forgot them; %d of them are whole", moved, n, whole)
	assert.Less(t, whole, moved, "or the test would show nothing")
	for i, sink := range tiers.sinks {
		assert.NotEmpty(t, sink.Spans(), "collector %d", i)
	}
}
