// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// newFlags prints its help, with the text first, to w.
func newFlags(name, text string, w io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is printed once, by execute, without all of the help
	flags.Usage = func() {
		flags.SetOutput(w)
		say(w, "%s\nFlags:\n", text)
		flags.PrintDefaults()
	}
	return flags
}

func parse(flags *flag.FlagSet, args []string) error {
	help := flags.Usage
	flags.Usage = func() {} // Parse calls it after an error too
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		help()
		return err
	case err != nil:
		return usageError{err}
	case flags.NArg() > 0:
		return usageError{fmt.Errorf("unexpected argument %q", flags.Arg(0))}
	}
	return nil
}

func (s *sizes) registerTasks(flags *flag.FlagSet) {
	flags.IntVar(&s.tasks, "tasks", 20_000, "tasks in the load")
	flags.Uint64Var(&s.seed, "seed", 1, "seed of everything that is random")
}

func (s *sizes) register(flags *flag.FlagSet) {
	s.registerTasks(flags)
	flags.IntVar(&s.spans, "spans", 200_000, "spans to send")
	flags.IntVar(&s.datapoints, "datapoints", 50_000, "metric data points to send")
	flags.IntVar(&s.series, "series", 25_000, "metric series that they belong to")
}

// patience has the flags about time.
type patience struct{ timeout, quiet time.Duration }

func (p *patience) register(flags *flag.FlagSet) {
	flags.DurationVar(&p.timeout, "timeout", 5*time.Minute, "give up after this long")
	flags.DurationVar(&p.quiet, "quiet", 10*time.Second, "take what is still missing for lost when nothing arrives for this long")
}

func (p *patience) context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, p.timeout, fmt.Errorf("not finished after --timeout %s", p.timeout))
}

func seedCommand(ctx context.Context, args []string, stdout, _ io.Writer) (bool, error) {
	flags := newFlags("seed", `taskerload seed --dsn DSN

Writes the tasks of the load to Postgres, after making Tasker's tables if they are absent. A few percent of the tasks
are left out on purpose: their telemetry carries identifiers that Postgres does not know. A second call changes nothing.
`, stdout)
	var s sizes
	s.registerTasks(flags)
	dsn := flags.String("dsn", "", "Postgres, as a URL or keyword string (required)")
	layout := flags.String("layout", string(taskerdb.LayoutTasker), "names of the tables: tasker or tasker_legacy")
	if err := parse(flags, args); err != nil {
		return false, err
	}
	if *dsn == "" {
		return false, usageError{errors.New("--dsn is required")}
	}
	if err := s.validate(); err != nil {
		return false, usageError{err}
	}
	added, err := seed(ctx, *dsn, taskerdb.Layout(*layout), newTasks(s.seed, s.tasks))
	if err != nil {
		return false, err
	}
	if added == 0 {
		say(stdout, "the tasks are there already: nothing added\n")
		return true, nil
	}
	say(stdout, "added %s of %s tasks; the rest stay unknown\n", thousands(added), thousands(s.tasks))
	return true, nil
}

func runCommand(ctx context.Context, args []string, stdout, stderr io.Writer) (bool, error) {
	flags := newFlags("run", `taskerload run --endpoint HOST:PORT --listen HOST:PORT --config COLLECTOR.yaml

Sends the load to a running collector over OTLP/gRPC and listens for what it exports over OTLP/gRPC. From the
collector's configuration file it works out what must arrive, down to each tracestate and value, and compares. The
collector's database must hold the tasks of the same --seed and --tasks (taskerload seed). Nothing else may be sent to
the collector or exported to the listening address meanwhile, and nothing may batch in front of the processor: what it
decides about a trace depends on which spans come together.

A second run through the same collector with parent_based meets traces that the collector remembers: what must arrive is
the same, but its counters are then compared only in sum.
`, stdout)
	var s sizes
	var p patience
	s.register(flags)
	p.register(flags)
	flags.BoolVar(&s.cut, "cut", false, "send each trace in 2 to 5 requests, its spans in the order in which they ended")
	endpoint := flags.String("endpoint", "localhost:4317", "the collector's OTLP/gRPC receiver")
	listen := flags.String("listen", "localhost:4319", "where the collector exports to")
	config := flags.String("config", "", "the collector's configuration file (required)")
	metrics := flags.String("metrics-url", "", "the collector's own metrics, such as http://localhost:8888/metrics; empty: not checked")
	if err := parse(flags, args); err != nil {
		return false, err
	}
	if *config == "" {
		return false, usageError{errors.New("--config is required")}
	}
	if err := s.validate(); err != nil {
		return false, usageError{err}
	}
	sampler, err := readConfig(*config)
	if err == nil {
		err = sampler.fitsMemory(s)
	}
	if err != nil {
		return false, err
	}
	ctx, cancel := p.context(ctx)
	defer cancel()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *listen)
	if err != nil {
		return false, err
	}
	tasks := newTasks(s.seed, s.tasks)
	r := runner{
		title: s.title(sampler.sampler()), sizes: s, oracle: newOracle(sampler, tasks), tasks: tasks, endpoint: *endpoint, listener: listener,
		metricsURL: *metrics, quiet: p.quiet, progress: stderr,
	}
	out, err := r.run(ctx)
	if err != nil {
		return false, err
	}
	printReport(stdout, out)
	printChecks(stdout, out.checks, out)
	printOutcome(stdout, "run", out.checks)
	return out.passed(), nil
}

func demoCommand(ctx context.Context, args []string, stdout, stderr io.Writer) (bool, error) {
	flags := newFlags("demo", `taskerload demo --collector bin/otelcol-tasker --config testdata/demo.yaml

Starts a throw-away Postgres and fills it, starts the collector, sends it the load, checks what it exports, and stops
everything, also after Ctrl-C. Then it sends the same spans through three more collectors: with trace_id_ratio; with
parent_based, each trace cut over 2 to 5 requests; and with parent_based and every rate that occurs at 0.01. Needs the
programs initdb and postgres on this machine. The configuration takes its addresses from the environment variables OTLP_ENDPOINT,
EXPORT_ENDPOINT, METRICS_HOST, METRICS_PORT and DATABASE_URL.
`, stdout)
	var p patience
	d := demo{stdout: stdout, stderr: stderr}
	d.sizes.register(flags)
	p.register(flags)
	flags.StringVar(&d.collector, "collector", "bin/otelcol-tasker", "the collector's program")
	flags.StringVar(&d.config, "config", "testdata/demo.yaml", "the collector's configuration file")
	if err := parse(flags, args); err != nil {
		return false, err
	}
	if err := d.sizes.validate(); err != nil {
		return false, usageError{err}
	}
	d.quiet = p.quiet
	ctx, cancel := p.context(ctx)
	defer cancel()
	return d.run(ctx)
}
