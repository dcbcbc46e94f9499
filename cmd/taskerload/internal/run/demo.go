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

// demo is everything on one machine: a throw-away Postgres, and a load through one collector after another.
type demo struct {
	collector, config string
	sizes             sizes
	quiet             time.Duration
	stdout, stderr    io.Writer
}

const logLines = 40

// run leaves nothing behind, however it ends.
func (d *demo) run(ctx context.Context) (ok bool, err error) {
	sampler, err := readConfig(d.config)
	if err != nil {
		return false, err
	}
	variants := d.variants(sampler)
	for _, v := range variants {
		if err := sampler.fitsMemory(v.sizes); err != nil {
			return false, err
		}
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
	s := site{dsn: cluster.DSN("postgres"), log: filepath.Join(dir, "collector.log"), tasks: newTasks(d.sizes.seed, d.sizes.tasks)}
	added, err := seed(ctx, s.dsn, layout, s.tasks)
	if err != nil {
		return false, fmt.Errorf("seed Postgres: %w", err)
	}
	say(d.stderr, "seeded %s of %s tasks; the rest stay unknown\n", thousands(added), thousands(len(s.tasks)))

	var runs []*result
	for i, v := range variants {
		say(d.stderr, "run %d of %d: %s\n", i+1, len(variants), v.title)
		out, err := d.through(ctx, &s, &v)
		if err != nil {
			return false, err
		}
		runs = append(runs, out)
	}
	return d.report(runs), nil
}

// site is what the collectors of a demo have in common.
type site struct {
	dsn, log string
	tasks    []task
}

// through starts a collector, puts the load through it, and stops it.
func (d *demo) through(ctx context.Context, s *site, v *variant) (out *result, err error) {
	sampler, err := readConfig(d.config, v.settings...)
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer func() { _ = listener.Close() }()
	ports, err := freePorts(ctx, 2)
	if err != nil {
		return nil, err
	}
	args := []string{"--config", d.config}
	for _, setting := range v.settings {
		args = append(args, setting.argument(sampler.id))
	}
	endpoint := net.JoinHostPort("127.0.0.1", ports[0])
	child, err := startProcess(d.collector, args, []string{
		"DATABASE_URL=" + s.dsn,
		"OTLP_ENDPOINT=" + endpoint,
		"EXPORT_ENDPOINT=" + listener.Addr().String(),
		"METRICS_HOST=127.0.0.1",
		"METRICS_PORT=" + ports[1],
	}, s.log)
	if err != nil {
		return nil, fmt.Errorf("start the collector: %w", err)
	}
	defer func() {
		stopErr := child.stop()
		if stopErr != nil {
			stopErr = fmt.Errorf("stop the collector: %w", stopErr)
		}
		err = errors.Join(err, stopErr)
		if (err != nil || !out.passed()) && ctx.Err() == nil {
			say(d.stderr, "\nlast lines of the collector's log:\n%s\n", child.logTail(logLines))
		}
	}()
	if err := child.awaitListening(ctx, endpoint); err != nil {
		return nil, fmt.Errorf("start the collector %s with %s: %w", d.collector, d.config, err)
	}
	say(d.stderr, "collector %s listens at %s\n", d.collector, endpoint)

	r := runner{
		sizes:      v.sizes,
		oracle:     newOracle(sampler, s.tasks),
		tasks:      s.tasks,
		endpoint:   endpoint,
		listener:   listener,
		metricsURL: "http://" + net.JoinHostPort("127.0.0.1", ports[1]) + "/metrics",
		quiet:      d.quiet,
		title:      v.title,
		progress:   d.stderr,
		alive:      child.done,
	}
	out, err = r.run(ctx)
	if err != nil {
		return nil, child.explain(ctx, err)
	}
	return out, nil
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
