// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/report"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
)

// Demo runs everything on this machine: a throw-away Postgres, and one collector for each variant.
type Demo struct {
	Collector string // the collector's program
	Config    string // its configuration file
	Sizes     workload.Sizes
	Workflows int           // whose load two of the runs have
	Quiet     time.Duration // see Runner
	Log       io.Writer
}

const shownLogLines = 40

// Run runs all variants. It stops and removes everything it started, however it ends.
func (d *Demo) Run(ctx context.Context) (_ *report.Comparison, err error) {
	processor, err := config.Read(d.Config)
	if err != nil {
		return nil, err
	}
	variants := variants(processor, d.Sizes, d.Workflows)
	for _, v := range variants {
		if err := processor.CheckLoad(v.sizes); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "taskerload-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	printf(d.Log, "starting Postgres\n")
	cluster, err := pgtest.Launch(ctx)
	if err != nil {
		return nil, fmt.Errorf("start Postgres: %w", err)
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	s := site{dsn: cluster.DSN("postgres"), log: filepath.Join(dir, "collector.log")}
	tasks := slices.Concat(d.Sizes.NewTasks(), variants[byWorkflow].sizes.NewTasks())
	added, err := workload.Seed(ctx, s.dsn, processor.Layout(), tasks)
	if err != nil {
		return nil, fmt.Errorf("seed Postgres: %w", err)
	}
	printf(d.Log, "inserted %s of %s tasks; lookups of the others find nothing\n", report.Thousands(added), report.Thousands(len(tasks)))

	var runs [len(variants)]*report.Run
	for i, v := range variants {
		if v.holds {
			v.settings = append(v.settings, holdFor(runs[i-1].Elapsed))
		}
		printf(d.Log, "run %d of %d: %s\n", i+1, len(variants), v.title)
		if runs[i], err = d.runVariant(ctx, &s, &v); err != nil {
			return nil, err
		}
	}
	return &report.Comparison{
		ByTraceID: runs[byTraceID], ByWorkflow: runs[byWorkflow],
		Main: runs[main], Ratio: runs[ratio], Cut: runs[cut], Held: runs[held], Low: runs[low],
	}, nil
}

// site is what the collectors of a demo share.
type site struct{ dsn, log string }

// runVariant starts a collector, sends the load through it, and stops it.
func (d *Demo) runVariant(ctx context.Context, s *site, v *variant) (result *report.Run, err error) {
	processor, err := config.Read(d.Config, v.settings...)
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
	args := []string{"--config", d.Config}
	for _, setting := range v.settings {
		args = append(args, processor.Argument(setting))
	}
	endpoint := net.JoinHostPort("127.0.0.1", ports[0])
	collector, err := startCollector(d.Collector, args, []string{
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
		if stopErr := collector.Stop(stopTimeout); stopErr != nil {
			err = errors.Join(err, fmt.Errorf("stop the collector: %w", stopErr))
		}
		if (err != nil || !result.Passed()) && ctx.Err() == nil {
			printf(d.Log, "\nlast lines of the collector's log:\n%s\n", collector.logTail(shownLogLines))
		}
	}()
	if err := collector.awaitListening(ctx, endpoint); err != nil {
		return nil, fmt.Errorf("start the collector %s with %s: %w", d.Collector, d.Config, err)
	}
	printf(d.Log, "collector %s listens at %s\n", d.Collector, endpoint)

	r := Runner{
		Processor:  processor,
		Sizes:      v.sizes,
		Tasks:      v.sizes.NewTasks(),
		Endpoint:   endpoint,
		Listener:   listener,
		MetricsURL: "http://" + net.JoinHostPort("127.0.0.1", ports[1]) + "/metrics",
		Quiet:      d.Quiet,
		Progress:   d.Log,
		ended:      collector.Done(),
	}
	result, err = r.Run(ctx)
	if err != nil {
		return nil, collector.explain(ctx, err)
	}
	result.Title = v.title
	return result, nil
}

// freePorts returns ports that are free now. The collector cannot be handed listeners, so another process could take them
// before it does. All ports are held until the last is found, so that they differ.
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
