// SPDX-License-Identifier: Apache-2.0

package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// Live sends steady load through a collector on this machine, for somebody who watches its page and changes rates in its throw-away Postgres.
type Live struct {
	Collector      string // the collector's program
	Config         string // its configuration file
	Overrides      string // script that creates the table of runtime overrides
	ItemsPerSecond float64
	Tasks          int
	Seed           uint64
	Out            io.Writer // for what to look at and what to paste
	Log            io.Writer // for what happens

	sent, arrived traffic
}

// Run runs until the context ends, which is no error. It stops and removes everything it started, however it ends.
func (l *Live) Run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "taskerload-")
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, os.RemoveAll(dir)); err == nil {
			printf(l.Log, "stopped; nothing is left\n")
		}
	}()
	printf(l.Log, "starting Postgres\n")
	cluster, err := pgtest.Launch(ctx)
	if err != nil {
		return unlessEnded(ctx, fmt.Errorf("start Postgres: %w", err))
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	s := site{dsn: cluster.DSN("postgres"), log: filepath.Join(dir, "collector.log")}
	tasks := workload.NewTasks(l.Seed, l.Tasks)
	if err := l.fill(ctx, s.dsn, tasks); err != nil {
		return unlessEnded(ctx, fmt.Errorf("fill Postgres: %w", err))
	}
	return l.watch(ctx, &s, tasks)
}

// unlessEnded returns the error, unless the context has ended: then errors are of what it ended.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// fill creates the tables, and inserts the tasks.
func (l *Live) fill(ctx context.Context, dsn string, tasks []workload.Task) error {
	script, err := os.ReadFile(l.Overrides)
	if err != nil {
		return err
	}
	if _, err := workload.Seed(ctx, dsn, taskerdb.LayoutTasker, tasks); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.PgConn().Exec(ctx, string(script)).ReadAll(); err != nil {
		return fmt.Errorf("%s: %w", l.Overrides, err)
	}
	return nil
}

// watch starts the collector, sends the load until the context ends, and stops the collector. What it still exports is received.
func (l *Live) watch(ctx context.Context, s *site, tasks []workload.Task) (err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return unlessEnded(ctx, err)
	}
	receiver := startReceiver(listener, l.arrived.traces, l.arrived.metrics, l.arrived.logs)
	defer receiver.stop()
	ports, err := freePorts(ctx, 3)
	if err != nil {
		return unlessEnded(ctx, err)
	}
	endpoint, page := net.JoinHostPort("127.0.0.1", ports[0]), net.JoinHostPort("127.0.0.1", ports[1])
	collector, err := startCollector(l.Collector, []string{"--config", l.Config}, []string{
		"DATABASE_URL=" + s.dsn,
		"OTLP_ENDPOINT=" + endpoint,
		"INSPECT_ENDPOINT=" + page,
		"EXPORT_ENDPOINT=" + listener.Addr().String(),
		"METRICS_HOST=127.0.0.1",
		"METRICS_PORT=" + ports[2],
	}, s.log)
	if err != nil {
		return fmt.Errorf("start the collector: %w", err)
	}
	defer func() {
		if err != nil {
			printf(l.Log, "\nlast lines of the collector's log:\n%s\n", collector.logTail(shownLogLines))
		}
		if stopErr := collector.Stop(stopTimeout); stopErr != nil {
			err = errors.Join(err, fmt.Errorf("stop the collector: %w", stopErr))
		}
	}()
	for _, address := range []string{endpoint, page} {
		if err := collector.awaitListening(ctx, address); err != nil {
			return unlessEnded(ctx, fmt.Errorf("start the collector %s with %s: %w", l.Collector, l.Config, err))
		}
	}
	l.explain(guide{page: "http://" + page + "/", log: s.log, psql: psql(ctx, s.dsn)})
	if err := l.load(ctx, endpoint, collector, tasks); err != nil {
		return collector.explain(ctx, err)
	}
	return nil
}

// load sends the load until the context or the collector ends.
func (l *Live) load(ctx context.Context, endpoint string, collector *collector, tasks []workload.Task) error {
	s, err := newSender(endpoint)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }()
	loading, cancel := context.WithCancelCause(ctx)
	var others sync.WaitGroup
	others.Go(func() {
		select {
		case <-collector.Done():
			cancel(errCollectorEnded)
		case <-loading.Done():
		}
	})
	others.Go(func() { l.status(loading) })
	err = l.sendBatches(loading, s, tasks)
	cause := context.Cause(loading)
	cancel(nil)
	others.Wait() // the line with the status is cleared
	if ctx.Err() != nil {
		printf(l.Log, "stopping\n")
		return nil
	}
	return cmp.Or(cause, err)
}

// batchInterval is the time between two requests of a signal.
const batchInterval = 250 * time.Millisecond

// sendBatches sends batch after batch until the context ends.
func (l *Live) sendBatches(ctx context.Context, s *sender, tasks []workload.Task) error {
	stream := workload.NewStream(tasks, l.Seed, l.ItemsPerSecond, time.Now())
	tick := time.NewTicker(batchInterval)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			if err := l.send(ctx, s, stream.Next(now)); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// send sends the log records of traces after their spans, so that they follow them.
func (l *Live) send(ctx context.Context, s *sender, b *workload.Batch) error {
	if err := s.sendTraces(ctx, b.Traces); err != nil {
		return err
	}
	if err := s.sendLogs(ctx, b.Logs); err != nil {
		return err
	}
	if err := s.sendMetrics(ctx, b.Metrics); err != nil {
		return err
	}
	return errors.Join(l.sent.traces(b.Traces), l.sent.logs(b.Logs), l.sent.metrics(b.Metrics))
}
