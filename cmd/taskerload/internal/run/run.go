// SPDX-License-Identifier: Apache-2.0

// Package run sends the load through a collector and collects the results.
//
// A [Runner] does one run against a collector that is running. A [Demo] starts Postgres and collectors for several runs.
package run

import (
	"context"
	"errors"
	"io"
	"iter"
	"net"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/report"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// Runner sends the load to a collector and receives what it exports.
type Runner struct {
	Processor  *config.Processor
	Sizes      workload.Sizes
	Tasks      []workload.Task
	Endpoint   string        // the collector's OTLP/gRPC receiver
	Listener   net.Listener  // the address that the collector exports to; closed by Run
	MetricsURL string        // the collector's own metrics; empty: not read
	Quiet      time.Duration // what has not arrived after this long without arrivals is missing
	Progress   io.Writer

	ended <-chan struct{} // closed when the collector has ended; nil: unknown
}

var errCollectorEnded = errors.New("the collector ended during the run")

// Run sends the whole load once.
func (r *Runner) Run(ctx context.Context) (*report.Run, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-r.ended:
			cancel(errCollectorEnded)
		case <-ctx.Done():
		}
	})
	defer watch.Wait()
	defer cancel(nil)

	predictions := oracle.New(r.Processor.Oracle(), workload.Rows(r.Tasks))
	all := ledgers{ledger.NewSpans(predictions), ledger.NewPoints(predictions), ledger.NewRecords(predictions)}
	receiver := startReceiver(r.Listener,
		func(t ptrace.Traces) error { all.spans.Receive(t); return nil },
		func(m pmetric.Metrics) error { all.points.Receive(m); return nil },
		func(l plog.Logs) error { all.records.Receive(l); return nil })
	defer receiver.stop()

	before, err := r.scrape(ctx)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	growing := r.growing(start)
	sizes := r.Sizes
	for _, request := range growing {
		sizes.DataPoints += request.DataPointCount()
	}
	progress := startProgress(r.Progress, sizes, all.spans, all.points, all.records)
	defer progress.stop()
	if err := r.send(ctx, start, growing, &all); err != nil {
		return nil, err
	}
	if err := r.checkWait(all.spans.LongestHeld()); err != nil {
		return nil, err
	}
	held, err := r.awaitLetGo(ctx)
	if err != nil {
		return nil, err
	}
	last, err := awaitSilence(ctx, r.quiet(), all.spans, all.points, all.records)
	if err != nil {
		return nil, err
	}
	progress.stop()
	after, err := r.scrape(ctx)
	if err != nil {
		return nil, err
	}
	receiver.stop() // no arrivals while the ledgers settle

	result := r.result(&all, predictions)
	result.StillHeld, result.Elapsed = held, last.Sub(start)
	if after != nil {
		result.Growth = &ledger.Growth{Before: before, After: after}
	}
	return result, nil
}

// growing returns the requests with series whose growth is checked: none without a remainder, since sampling loses some of it then.
func (r *Runner) growing(start time.Time) []pmetric.Metrics {
	if !r.Processor.HasRemainder() {
		return nil
	}
	return r.Sizes.GrowingRequests(r.Tasks, start)
}

// ledgers are those of a run.
type ledgers struct {
	spans   *ledger.Spans
	points  *ledger.Points
	records *ledger.Records
}

// result settles the ledgers.
func (r *Runner) result(all *ledgers, predictions *oracle.Oracle) *report.Run {
	result := &report.Run{
		Title:         title(r.Processor.Sampler(), r.Sizes.Cut, r.Processor.HoldWait() > 0),
		RatePerTrace:  r.Processor.Sampler() == config.ParentBased,
		KeepsFailed:   r.Processor.KeepsFailedTraces(),
		Cut:           r.Sizes.Cut,
		Holds:         r.Processor.HoldWait() > 0,
		RecordsFollow: r.Processor.RecordsFollow() && !r.Sizes.Cut,
		HasRemainder:  r.Processor.HasRemainder(),
	}
	result.Spans, result.Traces = all.spans.Settle()
	var workflows ledger.Workflows
	result.Points, workflows = all.points.Settle()
	result.Records = all.records.Settle(result.Traces, workflows)
	if r.Sizes.Workflows > 0 {
		workflows.AddTraces(result.Traces)
		result.Workflows, result.ByWorkflow, result.Selects = workflows, r.Processor.ByWorkflow(), predictions.KeepsWorkflow
	}
	return result
}

// title names a run by what decides about traces.
func title(sampler string, cut, holds bool) string {
	if cut {
		sampler += ", cut"
	}
	if holds {
		sampler += ", hold"
	}
	return sampler
}

// scrape returns nil without a URL.
func (r *Runner) scrape(ctx context.Context) (*ledger.Scrape, error) {
	if r.MetricsURL == "" {
		return nil, nil
	}
	return ledger.Fetch(ctx, r.MetricsURL)
}

// send sends spans and data points at the same time, and log records when all spans are answered: what becomes of a record depends on what
// the processor remembers of its trace. Growing series are sent after the other data points, one request at a time, so that their exports are
// processed in their order.
func (r *Runner) send(ctx context.Context, start time.Time, growing []pmetric.Metrics, all *ledgers) error {
	if err := awaitReachable(ctx, r.Endpoint, reachableWithin); err != nil {
		return err
	}
	s, err := newSender(r.Endpoint)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }()
	send := func(ctx context.Context, request ptrace.Traces) error {
		err := s.sendTraces(ctx, request)
		if err == nil {
			all.spans.Answered(request)
		}
		return err
	}
	return concurrently(ctx,
		func(ctx context.Context) error {
			for requests := range workload.SpanRounds(r.Tasks, r.Sizes, start) {
				if err := sendAll(ctx, recorded(requests, all.spans.Send), traceRequestsInFlight, send); err != nil {
					return err
				}
			}
			if r.Sizes.Workflows > 0 { // for single tasks, it was known before
				if err := r.Processor.CheckMemory(all.spans.Traces()); err != nil {
					return err
				}
			}
			requests := workload.RecordRequests(r.Tasks, r.Sizes, start)
			return sendAll(ctx, recorded(requests, all.records.Send), logRequestsInFlight, s.sendLogs)
		},
		func(ctx context.Context) error {
			requests := workload.PointRequests(r.Tasks, r.Sizes, start)
			if err := sendAll(ctx, recorded(requests, all.points.Send), metricRequestsInFlight, s.sendMetrics); err != nil {
				return err
			}
			return sendAll(ctx, recorded(slices.Values(growing), all.points.SendGrowing), 1, s.sendMetrics)
		},
	)
}

// recorded records each request in the ledger before it is sent, so that nothing arrives before it is expected.
func recorded[T any](requests iter.Seq[T], record func(T)) iter.Seq[T] {
	return func(yield func(T) bool) {
		for request := range requests {
			record(request)
			if !yield(request) {
				return
			}
		}
	}
}
