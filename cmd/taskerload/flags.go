// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// newFlags returns a flag set whose help starts with the text and is printed to w.
func newFlags(name, text string, w io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // execute prints errors, without the whole help
	flags.Usage = func() {
		flags.SetOutput(w)
		printf(w, "%s\nFlags:\n", text)
		flags.PrintDefaults()
	}
	return flags
}

func parse(flags *flag.FlagSet, args []string) error {
	help := flags.Usage
	flags.Usage = func() {} // Parse also calls it after an error
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

func registerTasks(flags *flag.FlagSet, s *workload.Sizes) {
	flags.IntVar(&s.Tasks, "tasks", 20_000, "number of tasks in the load")
	flags.Uint64Var(&s.Seed, "seed", 1, "seed of the random generator")
}

func registerWorkflows(flags *flag.FlagSet, s *workload.Sizes) {
	flags.IntVar(&s.Workflows, "workflows", 0, "number of workflows that are the load in place of --tasks and what belongs to them; 0: none")
}

func registerSizes(flags *flag.FlagSet, s *workload.Sizes) {
	registerTasks(flags, s)
	flags.IntVar(&s.Spans, "spans", 200_000, "number of spans to send")
	flags.IntVar(&s.DataPoints, "datapoints", 50_000, "number of metric data points to send")
	flags.IntVar(&s.Records, "records", 50_000, "number of log records to send, most of them in the traces; 0 for a collector without a logs pipeline")
	flags.IntVar(&s.Series, "series", 25_000, "number of metric series that the data points belong to")
}

// limits are the flags about time.
type limits struct{ timeout, quiet time.Duration }

func (l *limits) register(flags *flag.FlagSet) {
	flags.DurationVar(&l.timeout, "timeout", 5*time.Minute, "give up after this time")
	flags.DurationVar(&l.quiet, "quiet", 10*time.Second, "count items as missing after this time without arrivals")
}

func (l *limits) context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, l.timeout, fmt.Errorf("not finished within --timeout %s", l.timeout))
}
