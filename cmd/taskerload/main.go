// SPDX-License-Identifier: Apache-2.0

// Command taskerload sends Tasker-like telemetry through a collector and checks, item by item, what comes out.
//
// The data's path, by package:
//
//	internal/workload   generates tasks, spans, data points and log records; fills Postgres with the tasks
//	internal/config     reads from the collector's configuration what the processor must do
//	internal/oracle     predicts the outcome for each item, without any code of the processor
//	internal/run        starts collectors, sends and receives
//	internal/ledger     records what must arrive and what does; reads the collector's counters
//	internal/report     compares, and prints a summary, tables and checks
//
// internal/simulation needs none of it: it sends simulated traffic through simulated collectors that share a budget.
//
// internal/items walks over the items of OTLP requests. internal/xxh64 is the hash that decides about workflows. internal/terminal knows
// terminals and their colours.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // a check failed, or an error occurred
	exitUsage  = 2
)

const usage = `taskerload sends Tasker-like telemetry through a collector and checks, item by item, what comes out.

  taskerload demo       start Postgres and collectors, send the load, check, and stop everything
  taskerload live       start Postgres and a collector, and send steady load to watch, until Ctrl-C
  taskerload seed       insert the tasks of the load into a Postgres database
  taskerload run        send the load to a running collector and check what it exports
  taskerload simulate   simulate what a budget keeps of traffic that changes

Each command has --help. The same --seed and --tasks give the same tasks in all but the last.
Exit status: 0 passed, 1 failed, 2 wrong usage.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	status := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// endSignals are the signals that end a command, which then stops what it has started: Ctrl-C, SIGTERM, and what a process gets whose terminal
// or reader has gone. Further ones change nothing: a second Ctrl-C does not leave anything behind.
func endSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// execute runs one command and returns the exit status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		printf(stderr, "%s", usage)
		return exitUsage
	}
	commands := map[string]command{
		"demo":     demo,
		"live":     live,
		"run":      runOnce,
		"seed":     seed,
		"simulate": simulate,
	}
	run, ok := commands[args[0]]
	if !ok {
		switch args[0] {
		case "help", "-h", "-help", "--help":
			printf(stdout, "%s", usage)
			return exitOK
		}
		printf(stderr, "taskerload: unknown command %q\n\n%s", args[0], usage)
		return exitUsage
	}
	passed, err := run(ctx, args[1:], stdout, stderr)
	var wrong usageError
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &wrong):
		printf(stderr, "taskerload %s: %v (see taskerload %s --help)\n", args[0], err, args[0])
		return exitUsage
	case err != nil:
		printf(stderr, "taskerload %s: %v\n", args[0], err)
		return exitFailed
	case !passed:
		return exitFailed
	}
	return exitOK
}

// usageError is an error in the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// printf ignores errors: if the terminal is gone, there is nowhere to report them.
func printf(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}
