// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Shares of a stream's items, in percent. The rest are log records, as many as the traces have: about one for each four spans.
const (
	spanShare  = 64
	pointShare = 20
)

// exportsOfSeries is about how much time passes between two exports of a series of a stream.
const exportsOfSeries = 10 * time.Second

// Stream is load that never ends: traces of tasks in all namespaces with their log records, and cumulative metric series that are exported
// again and again. What arrives of a namespace swells and ebbs. It is not safe for concurrent use.
type Stream struct {
	spans, failures, records *rand.Rand
	namespaces               []*namespaceStream
	start, until             time.Time
}

// Batch is what arrives in some time: one request of each signal.
type Batch struct {
	Traces  ptrace.Traces
	Metrics pmetric.Metrics
	Logs    plog.Logs // of these and earlier traces
}

// Items is the number of spans, data points and log records.
func (b *Batch) Items() int {
	return b.Traces.SpanCount() + b.Metrics.DataPointCount() + b.Logs.LogRecordCount()
}

// namespaceStream is the part of a stream that belongs to a namespace.
type namespaceStream struct {
	tide
	tasks  []Task
	series []series

	tracesPerSecond, pointsPerSecond float64 // on average
	tracesDue, pointsDue             float64 // fractions that are left of the last batch
	traces, points                   int     // sent
}

// tide swells and ebbs.
type tide struct {
	swing  float64 // of the mean, 0 to 1
	period time.Duration
	phase  float64 // at the start, as a part of the period
}

func (t tide) at(elapsed time.Duration) float64 {
	return 1 + t.swing*math.Sin(2*math.Pi*(t.phase+elapsed.Seconds()/t.period.Seconds()))
}

// NewStream makes a stream of about so many items a second. It begins at start.
func NewStream(tasks []Task, seed uint64, itemsPerSecond float64, start time.Time) *Stream {
	s := &Stream{
		spans: newStream(seed, streamSpans), failures: newStream(seed, streamFailures), records: newStream(seed, streamRecords),
		start: start, until: start,
	}
	byName := map[string][]Task{}
	for i := range tasks {
		byName[tasks[i].Namespace] = append(byName[tasks[i].Namespace], tasks[i])
	}
	rng, seen := newStream(seed, streamSeries), map[string]bool{}
	for i, n := range namespaces {
		own := byName[n.name]
		if len(own) == 0 {
			continue
		}
		share := float64(len(own)) / float64(len(tasks))
		one := &namespaceStream{
			// No two swell at the same pace, and the larger ones swell more.
			tide:            tide{0.2 + 0.02*float64(n.share), time.Duration(40+7*i) * time.Second, float64(5*i) / float64(len(namespaces))},
			tasks:           own,
			tracesPerSecond: share * itemsPerSecond * spanShare / 100 / spansPerTrace,
			pointsPerSecond: share * itemsPerSecond * pointShare / 100,
		}
		one.series = newRequestSeriesOf(rng, own, max(1, int(one.pointsPerSecond*exportsOfSeries.Seconds())), seen)
		s.namespaces = append(s.namespaces, one)
	}
	return s
}

// newRequestSeriesOf makes series of requests, at most as many as there are tasks, and none that was seen: tasks of several namespaces share
// correlation IDs. Their order mixes instruments, so that any part of them has some of each.
func newRequestSeriesOf(rng *rand.Rand, tasks []Task, n int, seen map[string]bool) []series {
	n = min(n, len(tasks))
	all := make([]series, 0, n)
	for i := 0; len(all) < n; i++ {
		one := requestSeries(rng, &tasks[i%len(tasks)])
		if id := one.id(); !seen[id] {
			seen[id] = true
			all = append(all, one)
		}
	}
	return all
}

// longestBatch is the time of which a batch has the items at most: after a machine has slept, nothing is made up for.
const longestBatch = time.Second

// Next returns what arrives until then, since the last call.
func (s *Stream) Next(until time.Time) *Batch {
	elapsed, passed := until.Sub(s.start), min(until.Sub(s.until), longestBatch)
	begin := until.Add(-passed)
	s.until = until
	spans, records := newSpanRequest(), newRecordRequest()
	var points []point
	for _, n := range s.namespaces {
		level := n.at(elapsed) * passed.Seconds()
		for i := range whole(&n.tracesDue, n.tracesPerSecond*level) {
			t := s.trace(n, begin.Add(time.Duration(i)*time.Millisecond))
			spans.add(piece{t, inOrderOfEnd(t.plan)})
			for r := range t.records(s.records) {
				records.add(&r)
			}
		}
		for range whole(&n.pointsDue, n.pointsPerSecond*level) {
			one := &n.series[n.points%len(n.series)]
			export := int64(n.points/len(n.series)) + 1
			n.points++
			points = append(points, point{*one, reading{one.unit() * export, s.start, until}})
		}
	}
	return &Batch{Traces: spans.traces, Metrics: exportRequest(points), Logs: records.logs}
}

// point is a series and what it reports.
type point struct {
	series
	reading
}

// exportRequest returns a request with the points by service and metric, as exporters send them.
func exportRequest(points []point) pmetric.Metrics {
	slices.SortStableFunc(points, func(a, b point) int {
		return cmp.Or(cmp.Compare(a.service.name, b.service.name), cmp.Compare(a.instrument.name, b.instrument.name))
	})
	part := make([]series, len(points))
	for i := range points {
		part[i] = points[i].series
	}
	return pointRequest(part, func(*series) (r reading) {
		r, points = points[0].reading, points[1:]
		return r
	})
}

// whole adds to what is due, and takes the whole part of it.
func whole(due *float64, more float64) int {
	*due += more
	n := math.Floor(*due)
	*due -= n
	return int(n)
}

// trace makes the trace of the namespace's next task.
func (s *Stream) trace(n *namespaceStream, at time.Time) *trace {
	plan := planTrace(s.spans, &n.tasks[n.traces%len(n.tasks)])
	n.traces++
	failOne(s.failures, plan)
	return newTrace(s.spans, plan, at)
}
