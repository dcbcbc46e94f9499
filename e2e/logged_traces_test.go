// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

const (
	loggedTraces    = 200
	recordsPerTrace = 30
)

// loggedRates is a configuration with the rates of loggedTrace. The global rate applies to what no namespace is known of.
const loggedRates = `
sample_rate: 0.25
namespaces: {payments: 1, orders: 0.5, integrations: 0.1}
`

// loggedTrace is a trace of a task, with the log records that its spans wrote.
type loggedTrace struct {
	id      pcommon.TraceID
	task    taskerdb.Task
	rate    float64
	spans   []span // the root first
	records []record
}

// newLoggedTraces returns traces whose namespaces alternate. Neither spans nor records carry anything yet.
func newLoggedTraces(r *rand.Rand) []loggedTrace {
	all := make([]loggedTrace, loggedTraces)
	for i := range all {
		namespace := []string{"payments", "orders", "integrations"}[i%3]
		l := &all[i]
		l.id, l.task, l.rate = randomTrace(r), newTask(namespace), []float64{1, 0.5, 0.1}[i%3]
		for range spansPerTrace {
			l.spans = append(l.spans, newSpan(l.id, "", nil))
		}
		for range recordsPerTrace {
			l.records = append(l.records, newRecord(l.id, nil))
		}
	}
	return all
}

// identify gives spans and records their namespaces in all forms that the processor knows: an attribute, or the key of a lookup.
func (l *loggedTrace) identify() {
	forms := []attrs{
		{"namespace": l.task.Namespace},
		{"task_uuid": l.task.UUID},
		{"step_uuid": l.task.Steps[0]},
		{"namespace": "unknown", "correlation_id": l.task.CorrelationID},
	}
	for i := range l.spans {
		l.spans[i].attributes = forms[i%len(forms)]
	}
	for i := range l.records {
		l.records[i].attributes = forms[i%len(forms)]
	}
}

// namedByRoot returns traces of which the root and every seventh record name the namespace.
func namedByRoot(r *rand.Rand) []loggedTrace {
	all := newLoggedTraces(r)
	for i := range all {
		l := &all[i]
		named := attrs{"namespace": l.task.Namespace}
		l.spans[0].attributes = named
		for k := 0; k < len(l.records); k += 7 {
			l.records[k].attributes = named
		}
	}
	return all
}

// insertLogged creates a database with the tasks of traces.
func insertLogged(t testing.TB, all []loggedTrace) (dsn string) {
	t.Helper()
	var tasks []taskerdb.Task
	for i := range all {
		tasks = append(tasks, all[i].task)
	}
	return newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, tasks...)
}

// piece is some of the spans, or some of the records, of a trace. A request has a piece of each of several traces.
type piece struct {
	of      *loggedTrace
	spans   []span
	records []record
}

// cut cuts a list into one to three pieces.
func cut[T any](r *rand.Rand, list []T) (pieces [][]T) {
	for n := 1 + r.IntN(3); n > 1; n-- {
		at := 1 + r.IntN(len(list)-n+1)
		pieces, list = append(pieces, list[:at]), list[at:]
	}
	return append(pieces, list)
}

// shuffledPieces cuts the spans and the records of traces and mixes all pieces.
func shuffledPieces(r *rand.Rand, all []loggedTrace) (pieces []piece) {
	for i := range all {
		l := &all[i]
		for _, spans := range cut(r, l.spans) {
			pieces = append(pieces, piece{of: l, spans: spans})
		}
		for _, records := range cut(r, l.records) {
			pieces = append(pieces, piece{of: l, records: records})
		}
	}
	r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
	return pieces
}

// requestsOf divides pieces into requests, in their order: as many in a request as follow each other with items of the same signal.
func requestsOf(pieces []piece) (requests [][]piece) {
	for len(pieces) > 0 {
		n := 1
		for n < min(len(pieces), 20) && (pieces[n].spans == nil) == (pieces[0].spans == nil) {
			n++
		}
		requests, pieces = append(requests, pieces[:n]), pieces[n:]
	}
	return requests
}

// sendRequests sends each request to a client at random.
func sendRequests(t testing.TB, r *rand.Rand, clients []*harness.Client, requests [][]piece) {
	t.Helper()
	for _, request := range requests {
		var spans []span
		var records []record
		var of [][]span
		for _, p := range request {
			spans, records = append(spans, p.spans...), append(records, p.records...)
			of = append(of, rootLast(p.of.spans))
		}
		client := clients[r.IntN(len(clients))]
		if spans != nil {
			client.Traces(linked(traces(t, nil, nil, spans...), of))
		} else {
			client.Logs(logs(t, nil, nil, records...))
		}
	}
}

// rootLast returns spans of a trace in the order of linked.
func rootLast(spans []span) []span { return append(spans[1:len(spans):len(spans)], spans[0]) }

// loggedArrival is what arrived of a trace, or what was sent.
type loggedArrival struct{ spans, records int }

var wholeTrace = loggedArrival{spansPerTrace, recordsPerTrace}

// loggedArrivals returns what arrived of each trace of which anything did.
func loggedArrivals(sink *harness.Sink) map[pcommon.TraceID]loggedArrival {
	of := map[pcommon.TraceID]loggedArrival{}
	for _, s := range sink.Spans() {
		of[s.TraceID()] = loggedArrival{of[s.TraceID()].spans + 1, of[s.TraceID()].records}
	}
	for _, r := range sink.Records() {
		of[r.TraceID()] = loggedArrival{of[r.TraceID()].spans, of[r.TraceID()].records + 1}
	}
	return of
}

// lookedUpBy is the configuration of a database whose answers batches await.
func lookedUpBy(dsn string) string {
	return fmt.Sprintf("postgres: {dsn: %q, wait: 20s, query_timeout: 15s, registry: {interval: 0}}\n", dsn)
}

// requireDraws fails the test unless traces of each rate below 1 are both kept and dropped.
func requireDraws(t testing.TB, all []loggedTrace, kept func(*loggedTrace) bool) {
	t.Helper()
	of := map[float64][2]int{}
	for i := range all {
		count := of[all[i].rate]
		if kept(&all[i]) {
			count[1]++
		} else {
			count[0]++
		}
		of[all[i].rate] = count
	}
	for _, rate := range []float64{0.5, 0.1} {
		require.NotZero(t, of[rate][0], "traces dropped at %v", rate)
		require.NotZero(t, of[rate][1], "traces kept at %v", rate)
	}
}
