// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// sizes of the load. Two runs with the same sizes send the same items.
type sizes struct {
	spans, datapoints, series, tasks int
	seed                             uint64
	cut                              bool // traces over several requests
}

func (s sizes) validate() error {
	switch {
	case s.tasks < 1:
		return errors.New("--tasks: at least 1")
	case s.spans < 0 || s.datapoints < 0 || s.series < 0:
		return errors.New("--spans, --datapoints, --series: at least 0")
	case s.datapoints > 0 && s.series < 1:
		return errors.New("--series: at least 1 to send data points")
	case s.series > 8*s.tasks:
		return fmt.Errorf("--series: at most 8 for each of the %d tasks: more have no attributes of their own", s.tasks)
	}
	return nil
}

// runner sends the load to a collector and judges what comes back.
type runner struct {
	title      string
	sizes      sizes
	oracle     *oracle
	tasks      []task
	endpoint   string       // the collector's OTLP/gRPC receiver
	listener   net.Listener // where the collector exports to
	metricsURL string       // the collector's own metrics; empty: not looked at
	quiet      time.Duration
	progress   io.Writer

	// alive, if set, ends the run when it is closed: the collector is gone.
	alive <-chan struct{}
}

// result is all that the report needs.
type result struct {
	title         string
	spans, points *book
	traces        traces
	byTrace, cut  bool    // parent_based; and how the traces came
	before, after *scrape // nil without a metrics URL
	elapsed       time.Duration
	checks        []check
}

// run owns the listener.
func (r *runner) run(ctx context.Context) (*result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-r.alive:
			cancel(errors.New("the collector ended while it was in use"))
		case <-ctx.Done():
		}
	})
	defer watch.Wait()
	defer cancel(nil)

	spans, points := newSpanLedger(r.oracle), newPointLedger(r.oracle)
	receiver := startReceiver(r.listener,
		func(t ptrace.Traces) error { spans.receive(t); return nil },
		func(m pmetric.Metrics) error { points.receive(m); return nil })
	defer receiver.stop()

	out := &result{
		title: r.title, spans: &spans.book, points: &points.book, traces: spans.traces,
		byTrace: r.oracle.byTrace, cut: r.sizes.cut,
	}
	var err error
	if out.before, err = r.scrape(ctx); err != nil {
		return nil, err
	}
	meter := startProgress(r.progress, r.sizes, out)
	defer meter.stop()

	start := time.Now()
	if err := r.send(ctx, spans, points); err != nil {
		return nil, err
	}
	last, err := awaitSilence(ctx, r.quiet, out.spans, out.points)
	if err != nil {
		return nil, err
	}
	out.elapsed = last.Sub(start)
	meter.stop()
	if out.after, err = r.scrape(ctx); err != nil {
		return nil, err
	}
	receiver.stop() // whatever comes now comes too late to be judged
	spans.settle()
	points.settle()
	out.checks = judge(out)
	return out, nil
}

func (r *runner) scrape(ctx context.Context) (*scrape, error) {
	if r.metricsURL == "" {
		return nil, nil
	}
	return fetchMetrics(ctx, r.metricsURL)
}

func (r *runner) send(ctx context.Context, spans *spanLedger, points *pointLedger) error {
	if err := awaitReachable(ctx, r.endpoint, reachableWithin); err != nil {
		return err
	}
	s, err := newSender(r.endpoint)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }()
	start := time.Now()
	return both(ctx,
		func(ctx context.Context) error {
			for requests := range r.rounds(start) {
				err := sendAll(ctx, noting(requests, spans.expect), traceRequestsInFlight, s.sendTraces)
				if err != nil {
					return err
				}
			}
			return nil
		},
		func(ctx context.Context) error {
			requests := pointRequests(newSeries(r.tasks, r.sizes.seed, r.sizes.series), r.sizes.datapoints, start)
			return sendAll(ctx, noting(requests, points.expect), metricRequestsInFlight, s.sendMetrics)
		},
	)
}

// rounds yields the requests with spans, in groups each of which begins when the one before was answered.
func (r *runner) rounds(start time.Time) iter.Seq[iter.Seq[ptrace.Traces]] {
	return func(yield func(iter.Seq[ptrace.Traces]) bool) {
		traces := newTraces(r.tasks, r.sizes.seed, r.sizes.spans, start)
		if !r.sizes.cut {
			yield(wholeTraces(traces))
			return
		}
		for round := range maxPieces {
			if !yield(cutTraces(traces, r.sizes.seed, round)) {
				return
			}
		}
	}
}

// noting enters each request in the ledger before it goes out.
func noting[T any](requests iter.Seq[T], expect func(T)) iter.Seq[T] {
	return func(yield func(T) bool) {
		for request := range requests {
			expect(request)
			if !yield(request) {
				return
			}
		}
	}
}
