// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/report"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/run"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/terminal"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// command runs with its arguments and reports whether it passed.
type command func(ctx context.Context, args []string, stdout, stderr io.Writer) (bool, error)

func seed(ctx context.Context, args []string, stdout, _ io.Writer) (bool, error) {
	flags := newFlags("seed", `taskerload seed --dsn DSN

Creates Tasker's tables in a Postgres database, if they are absent, and inserts the tasks of the load. A few percent of
the tasks are left out, so that some lookups find nothing. Running the command again changes nothing.
`, stdout)
	var sizes workload.Sizes
	registerTasks(flags, &sizes)
	registerWorkflows(flags, &sizes)
	dsn := flags.String("dsn", "", "Postgres database, as a URL or keyword string (required)")
	layout := flags.String("layout", string(taskerdb.LayoutTasker), "layout of the tables: tasker or tasker_legacy")
	if err := parse(flags, args); err != nil {
		return false, err
	}
	if *dsn == "" {
		return false, usageError{errors.New("--dsn is required")}
	}
	if err := sizes.Validate(); err != nil {
		return false, usageError{err}
	}
	tasks := sizes.NewTasks()
	added, err := workload.Seed(ctx, *dsn, taskerdb.Layout(*layout), tasks)
	if err != nil {
		return false, err
	}
	if added == 0 {
		printf(stdout, "the database already holds the tasks: nothing inserted\n")
		return true, nil
	}
	printf(stdout, "inserted %s of %s tasks; lookups of the others find nothing\n", report.Thousands(added), report.Thousands(len(tasks)))
	return true, nil
}

func runOnce(ctx context.Context, args []string, stdout, stderr io.Writer) (bool, error) {
	flags := newFlags("run", `taskerload run --endpoint HOST:PORT --listen HOST:PORT --config COLLECTOR.yaml

Sends the load to a running collector over OTLP/gRPC, listens for what it exports over OTLP/gRPC, and compares every
item with what the collector's configuration file requires, including tracestates and values. Log records are sent after
the spans: with parent_based they follow the traces that the processor remembers.

  - The collector's database must hold the tasks of the same --seed and --tasks: see taskerload seed.
  - Nothing else may send to the collector or to the listening address during the run.
  - No batching before the processor: its decision about a trace depends on which spans arrive together.

With parent_based, a collector that was used before remembers traces. Unless traces are cut, the same items must arrive,
but its counters are then only compared in total.

With consistent_by, only workflows can be predicted: use --workflows here and for taskerload seed.

With metrics::remainder, counters and histograms are sent too that grow over several exports. What is kept and what the
remainders have must add up to that growth.

With tracing::hold, the run takes at least as long as spans are held. It gives up if the machine is too slow for the wait.
`, stdout)
	var sizes workload.Sizes
	var limits limits
	registerSizes(flags, &sizes)
	registerWorkflows(flags, &sizes)
	limits.register(flags)
	flags.BoolVar(&sizes.Cut, "cut", false, "send each trace in 2 to 5 requests, its spans in the order in which they ended")
	endpoint := flags.String("endpoint", "localhost:4317", "address of the collector's OTLP/gRPC receiver")
	listen := flags.String("listen", "localhost:4319", "address that the collector exports to")
	file := flags.String("config", "", "the collector's configuration file (required)")
	metrics := flags.String("metrics-url", "", "URL of the collector's own metrics, such as http://localhost:8888/metrics; if empty, they are not checked")
	if err := parse(flags, args); err != nil {
		return false, err
	}
	if *file == "" {
		return false, usageError{errors.New("--config is required")}
	}
	if err := sizes.Validate(); err != nil {
		return false, usageError{err}
	}
	processor, err := config.Read(*file)
	if err == nil {
		err = processor.CheckLoad(sizes)
	}
	if err != nil {
		return false, err
	}
	ctx, cancel := limits.context(ctx)
	defer cancel()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *listen)
	if err != nil {
		return false, err
	}
	r := run.Runner{
		Processor: processor, Sizes: sizes, Tasks: sizes.NewTasks(),
		Endpoint: *endpoint, Listener: listener, MetricsURL: *metrics, Quiet: limits.quiet, Progress: stderr,
	}
	result, err := r.Run(ctx)
	if err != nil {
		return false, err
	}
	text, passed := report.Single(result)
	printf(stdout, "%s", text)
	return passed, nil
}

func demo(ctx context.Context, args []string, stdout, stderr io.Writer) (bool, error) {
	flags := newFlags("demo", `taskerload demo --collector bin/otelcol-tasker --config testdata/demo.yaml

Starts a throw-away Postgres with the tasks of the load, starts a collector, sends the load, checks what the collector
exports, and stops everything, also after Ctrl-C. It does so seven times: with workflows of several tasks, each in traces of
its own, without and with consistent_by; with single tasks; and four times without the data points of these tasks: with
trace_id_ratio; with parent_based and each trace cut into 2 to 5 requests, without and with tracing::hold; and with
parent_based and every rate at 0.01.

The programs initdb and postgres must be installed. The configuration must take its addresses from the environment
variables OTLP_ENDPOINT, EXPORT_ENDPOINT, METRICS_HOST, METRICS_PORT and DATABASE_URL.
`, stdout)
	var limits limits
	d := run.Demo{Log: stderr}
	registerSizes(flags, &d.Sizes)
	flags.IntVar(&d.Workflows, "workflows", 2_000, "number of workflows to send in two of the runs")
	limits.register(flags)
	flags.StringVar(&d.Collector, "collector", "bin/otelcol-tasker", "program of the collector")
	flags.StringVar(&d.Config, "config", "testdata/demo.yaml", "the collector's configuration file")
	verbose := flags.Bool("v", false, "print all tables and checks after the summary")
	if err := parse(flags, args); err != nil {
		return false, err
	}
	if err := d.Sizes.Validate(); err != nil {
		return false, usageError{err}
	}
	if d.Workflows < 1 {
		return false, usageError{errors.New("--workflows: must be at least 1")}
	}
	d.Quiet = limits.quiet
	ctx, cancel := limits.context(ctx)
	defer cancel()
	runs, err := d.Run(ctx)
	if err != nil {
		return false, err
	}
	printf(stderr, "\n") // the verdict stands apart from what happened
	printf(stdout, "%s", runs.Summary(terminal.StyleOf(stdout)))
	if *verbose {
		printf(stdout, "%s", runs.Details())
	} else {
		printf(stdout, "\nAll tables and checks: make demo V=1, or bin/taskerload demo -v. To watch it: make demo-live\n")
	}
	return runs.Passed(), nil
}

func live(ctx context.Context, args []string, stdout, stderr io.Writer) (bool, error) {
	flags := newFlags("live", `taskerload live --collector bin/otelcol-tasker --config testdata/demo-live.yaml

Starts a throw-away Postgres and a collector, and sends steady load until Ctrl-C, for somebody to watch: it prints the URL of the
collector's page, and SQL that changes rates. Nothing is checked. It stops and removes everything in the end.

The programs initdb and postgres must be installed. The configuration must take its addresses from the environment
variables OTLP_ENDPOINT, EXPORT_ENDPOINT, INSPECT_ENDPOINT, METRICS_HOST, METRICS_PORT and DATABASE_URL.
`, stdout)
	l := run.Live{Out: stdout, Log: stderr}
	var sizes workload.Sizes
	registerTasks(flags, &sizes)
	flags.StringVar(&l.Collector, "collector", "bin/otelcol-tasker", "program of the collector")
	flags.StringVar(&l.Config, "config", "testdata/demo-live.yaml", "the collector's configuration file")
	flags.StringVar(&l.Overrides, "overrides", "testdata/overrides.sql", "script that creates the table of runtime overrides")
	flags.Float64Var(&l.ItemsPerSecond, "items-per-second", 3000, "about how many spans, data points and log records to send a second, together")
	if err := parse(flags, args); err != nil {
		return false, err
	}
	if err := sizes.Validate(); err != nil {
		return false, usageError{err}
	}
	if !(l.ItemsPerSecond > 0 && l.ItemsPerSecond <= 1e6) {
		return false, usageError{errors.New("--items-per-second: must be above 0, and at most 1000000")}
	}
	l.Tasks, l.Seed = sizes.Tasks, sizes.Seed
	if err := l.Run(ctx); err != nil {
		return false, err
	}
	return true, nil
}
