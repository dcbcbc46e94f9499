// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// demo is everything on one machine: a throw-away Postgres, the collector, and a load.
type demo struct {
	collector, config string
	sizes             sizes
	quiet             time.Duration
	stdout, stderr    io.Writer
}

const logLines = 40

// run leaves nothing behind, however it ends.
func (d *demo) run(ctx context.Context) (passed bool, err error) {
	sampler, err := readConfig(d.config)
	if err != nil {
		return false, err
	}
	layout := taskerdb.LayoutTasker
	if sampler.Postgres["layout"] == string(taskerdb.LayoutLegacy) {
		layout = taskerdb.LayoutLegacy
	}
	dir, err := os.MkdirTemp("", "taskerload-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	say(d.stderr, "starting Postgres\n")
	cluster, err := pgtest.Launch(ctx)
	if err != nil {
		return false, fmt.Errorf("start Postgres: %w", err)
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	dsn := cluster.DSN("postgres")

	tasks := newTasks(d.sizes.seed, d.sizes.tasks)
	added, err := seed(ctx, dsn, layout, tasks)
	if err != nil {
		return false, fmt.Errorf("seed Postgres: %w", err)
	}
	say(d.stderr, "seeded %s of %s tasks; the rest stay unknown\n", thousands(added), thousands(len(tasks)))

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return false, err
	}
	defer func() { _ = listener.Close() }()
	ports, err := freePorts(ctx, 2)
	if err != nil {
		return false, err
	}
	endpoint := net.JoinHostPort("127.0.0.1", ports[0])
	child, err := startProcess(d.collector, []string{"--config", d.config}, []string{
		"DATABASE_URL=" + dsn,
		"OTLP_ENDPOINT=" + endpoint,
		"EXPORT_ENDPOINT=" + listener.Addr().String(),
		"METRICS_HOST=127.0.0.1",
		"METRICS_PORT=" + ports[1],
	}, filepath.Join(dir, "collector.log"))
	if err != nil {
		return false, fmt.Errorf("start the collector: %w", err)
	}
	defer func() {
		stopErr := child.stop()
		if stopErr != nil {
			stopErr = fmt.Errorf("stop the collector: %w", stopErr)
		}
		err = errors.Join(err, stopErr)
		if !passed && ctx.Err() == nil {
			say(d.stderr, "\nlast lines of the collector's log:\n%s\n", child.logTail(logLines))
		}
	}()
	if err := child.awaitListening(ctx, endpoint); err != nil {
		return false, fmt.Errorf("start the collector %s with %s: %w", d.collector, d.config, err)
	}
	say(d.stderr, "collector %s listens at %s\n", d.collector, endpoint)

	r := runner{
		sizes:      d.sizes,
		oracle:     newOracle(sampler, tasks),
		tasks:      tasks,
		endpoint:   endpoint,
		listener:   listener,
		metricsURL: "http://" + net.JoinHostPort("127.0.0.1", ports[1]) + "/metrics",
		quiet:      d.quiet,
		progress:   d.stderr,
		alive:      child.done,
	}
	out, err := r.run(ctx)
	if err != nil {
		return false, child.explain(ctx, err)
	}
	printReport(d.stdout, out)
	printOutcome(d.stdout, "demo", out)
	return out.passed(), nil
}

// freePorts are free now; the collector takes them a moment later. All are held until the last is found, so that no
// two are the same.
func freePorts(ctx context.Context, n int) ([]string, error) {
	ports := make([]string, 0, n)
	for range n {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer func() { _ = l.Close() }()
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}
