// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/simulation"
)

func simulate(_ context.Context, args []string, stdout, _ io.Writer) (bool, error) {
	flags := newFlags("simulate", `taskerload simulate --shape step-up-10 --plot step.svg

Simulates what a budget keeps of traffic that changes, with the arithmetic of the processor and any number of collectors
that share the budget. It needs no database and no collector, and does not wait. The same --seed gives the same output.

Shapes: steady; step-up-10, step-up-100, step-down-10 and step-down-100; spike, 20 times as much for one interval; ramp, to
10 times as much; on-off, 10 intervals of each; zipf, 1,000 namespaces that share the budget; diurnal, up to 10 times as much.
`, stdout)
	s := simulation.Default()
	name := flags.String("shape", "all", "shape of the traffic, or all")
	plot := flags.String("plot", "", "SVG file to draw the traffic of one shape into")
	flags.IntVar(&s.Collectors, "collectors", s.Collectors, "number of collectors at the start")
	flags.Float64Var(&s.Skew, "skew", s.Skew, "part of the traffic that the first collector takes; 0: as much as the others")
	flags.IntVar(&s.SpansPerTrace, "spans-per-trace", s.SpansPerTrace, "number of spans of each trace")
	flags.Float64Var(&s.Presampled, "presampled", s.Presampled, "probability that traces were sampled with before they arrive")
	flags.Float64Var(&s.Budget, "budget", s.Budget, "items a second to keep")
	flags.DurationVar(&s.Interval, "interval", s.Interval, "time between changes of rates")
	flags.Float64Var(&s.Arrivals, "arrivals", s.Arrivals, "items a second that arrive, at the lowest level of the shape")
	flags.IntVar(&s.Intervals, "intervals", s.Intervals, "number of intervals")
	flags.Func("joins", "comma-separated intervals in which a collector joins", listInto(&s.Joins))
	flags.Func("departures", "comma-separated intervals in which the last collector leaves", listInto(&s.Departures))
	noise := flags.String("noise", "poisson", "number of traces in an interval: poisson, or none for the mean")
	flags.Uint64Var(&s.Seed, "seed", s.Seed, "seed of the random generator")
	if err := parse(flags, args); err != nil {
		return false, err
	}
	shapes, err := simulation.ShapesOf(*name)
	if *noise != "poisson" && *noise != "none" {
		err = errors.Join(err, fmt.Errorf("--noise %q: must be poisson or none", *noise))
	}
	if *plot != "" && len(shapes) > 1 {
		err = errors.Join(err, errors.New("--plot: needs the --shape to draw"))
	}
	s.HasNoise = *noise == "poisson"
	if err := errors.Join(err, s.Validate()); err != nil {
		return false, usageError{err}
	}
	for i, shape := range shapes {
		result, err := simulation.Run(s, shape)
		if err != nil {
			return false, err
		}
		if i > 0 {
			printf(stdout, "\n")
		}
		printf(stdout, "%s", result.Table())
		if *plot != "" {
			if err := os.WriteFile(*plot, []byte(result.SVG()), 0o600); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// listInto returns a flag's function that appends comma-separated numbers.
func listInto(list *[]int) func(string) error {
	return func(text string) error {
		for part := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(part))
			if err != nil {
				return err
			}
			*list = append(*list, n)
		}
		return nil
	}
}
