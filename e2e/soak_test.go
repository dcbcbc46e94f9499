// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

func idOf(s span) uint64 { return binary.BigEndian.Uint64(s.id[:]) }

// longWait is how long a batch may wait, by default.
const longWait = 200 * time.Millisecond

// slack is the time that a batch may take in addition to its wait.
const slack = 50 * time.Millisecond

// report prints a fault as a row of the table in docs/failure-modes.md, and holds it to its bound.
func (f *fault) report(t *testing.T, l *faultLoad, recovered time.Duration, active int) {
	t.Helper()
	row := "| " + f.name
	for p := range phases {
		p99, perSecond := l.latency(p)
		row += fmt.Sprintf(" | %d/s, %.1f ms", perSecond, float64(p99.Microseconds())/1_000)
		assert.LessOrEqual(t, p99, longWait+slack, "the 99th percentile")
	}
	fresh, keptFresh := l.spans.keptFresh(during)
	sent, kept := l.spans.total()
	fmt.Printf("%s | %.1f %% | %s | %d | %d = %d + %d |\n", row, 100*float64(keptFresh)/float64(max(1, fresh)),
		recovered.Round(10*time.Millisecond), active, sent, kept, sent-kept)
}

// TestOutageCosts compares the CPU time per item while the circuit breaker is open with that without a database. Costs are
// measured in the long form only, because they depend on the machine.
func TestOutageCosts(t *testing.T) {
	if _, long := soak(t); !long {
		t.Skip("costs are measured by make soak")
	}
	const rounds, batches, spansOfBatch = 10, 100, 1_000
	var collectors [2]*harness.Collector
	var clients [2]*harness.Client
	for i, postgres := range []string{
		"", "postgres: {dsn: 'postgres://127.0.0.1:1/none', circuit_breaker: {failures: 1, cooldown: 1h}}",
	} {
		sink := harness.NewSink(t)
		sink.Observe(func(ptrace.Traces) {})
		collectors[i] = harness.Start(t, harness.Options{
			Sink: sink, Expect: []string{cannotAsk, breakerOpens}, Processor: "sample_rate: 0.1\nnamespaces: {payments: 1}\n" + singly + postgres,
		})
		clients[i] = harness.NewClient(t, collectors[i])
	}
	td := taskerLike(t, spansOfBatch)
	cpu := func(i int) float64 { return collectors[i].Scrape().Sum("otelcol_process_cpu_seconds", nil) }
	var ratios []float64
	for round := range rounds {
		var cost [2]float64
		for i := range collectors {
			began := cpu(i)
			for range batches {
				clients[i].Traces(td)
			}
			cost[i] = cpu(i) - began
		}
		if round > 0 { // the first warms up
			ratios = append(ratios, cost[1]/cost[0])
			t.Logf("without postgres %.2f µs a span, with the breaker open %.2f µs", cost[0]/batches/spansOfBatch*1e6, cost[1]/batches/spansOfBatch*1e6)
		}
	}
	slices.Sort(ratios)
	median := ratios[len(ratios)/2]
	fmt.Printf("CPU of a span while the breaker is open: %.2f × that without postgres (median of %d)\n", median, len(ratios))
	assert.LessOrEqual(t, median, 1.1)
}

// taskerLike returns a batch as Tasker sends it: of five spans two have a namespace, two have only the ID of a task or a step, and
// one has neither. All have ten attributes.
func taskerLike(t *testing.T, n int) ptrace.Traces {
	t.Helper()
	r := random()
	task, spans := taskerdb.NewUUID(time.Now()), make([]span, n)
	for i := range spans {
		attributes := attrs{}
		for a := range 8 {
			attributes[fmt.Sprint("attribute.", a)] = "value"
		}
		if i%50 == 0 {
			task = taskerdb.NewUUID(time.Now())
		}
		switch i % 5 {
		case 0, 1:
			attributes["namespace"], attributes["task_uuid"] = "payments", task
		case 2:
			attributes["task_uuid"], attributes["from_state"] = task, "pending"
		case 3:
			attributes["task_uuid"], attributes["step_uuid"] = task, taskerdb.NewUUID(time.Now())
		default:
			attributes["http.route"], attributes["http.method"] = "/", "GET"
		}
		spans[i] = newSpan(randomTrace(r), "", attributes)
	}
	return traces(t, nil, nil, spans...)
}
