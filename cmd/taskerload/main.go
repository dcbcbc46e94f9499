// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // a verdict, or something on the way to it
	exitUsage  = 2
)

const usage = `taskerload puts a Tasker-like load on a collector and checks, item by item, what comes out of it.

  taskerload demo   start Postgres and a collector, run, stop everything
  taskerload seed   write the load's tasks to a Postgres of yours
  taskerload run    send to a collector that is running, and check what it exports

Each has --help. The same --seed and --tasks make the same tasks in all three.
Exit status: 0 passed, 1 failed, 2 wrong usage.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// execute runs one command and returns the exit status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		say(stderr, "%s", usage)
		return exitUsage
	}
	commands := map[string]func(context.Context, []string, io.Writer, io.Writer) (bool, error){
		"demo": demoCommand,
		"run":  runCommand,
		"seed": seedCommand,
	}
	command, ok := commands[args[0]]
	if !ok {
		switch args[0] {
		case "help", "-h", "-help", "--help":
			say(stdout, "%s", usage)
			return exitOK
		}
		say(stderr, "taskerload: no command %q\n\n%s", args[0], usage)
		return exitUsage
	}
	passed, err := command(ctx, args[1:], stdout, stderr)
	var wrong usageError
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &wrong):
		say(stderr, "taskerload %s: %v (see taskerload %s --help)\n", args[0], err, args[0])
		return exitUsage
	case err != nil:
		say(stderr, "taskerload %s: %v\n", args[0], err)
		return exitFailed
	case !passed:
		return exitFailed
	}
	return exitOK
}

// usageError is about the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }
