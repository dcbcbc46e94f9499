// SPDX-License-Identifier: Apache-2.0

// Verdict compares the results of benchmarks to the budgets and prints a table:
//
//	verdict FILE…
//
// The exit status is 1 if a budget is missed, and 2 if results are missing or cannot be read.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/otelcol-tasker/otelcol-tasker/benchmarks/internal/verdict"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (status int) {
	flags := flag.NewFlagSet("verdict", flag.ContinueOnError)
	flags.SetOutput(stderr)
	if err := flags.Parse(args); err != nil {
		return 2
	}
	missed, err := judge(flags.Args(), stdout)
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "verdict:", err)
		return 2
	case missed > 0:
		_, _ = fmt.Fprintf(stderr, "verdict: %d budgets are missed\n", missed)
		return 1
	}
	return 0
}

func judge(names []string, stdout io.Writer) (missed int, err error) {
	results := verdict.Results{}
	for _, name := range names {
		if err := read(results, name); err != nil {
			return 0, err
		}
	}
	verdicts, err := verdict.Judge(verdict.Budgets, results)
	if err != nil {
		return 0, err
	}
	return verdict.Print(stdout, verdicts)
}

func read(results verdict.Results, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	return results.Read(file, name)
}
