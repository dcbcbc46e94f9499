// SPDX-License-Identifier: Apache-2.0

package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
)

const (
	startTimeout = 30 * time.Second
	stopTimeout  = 15 * time.Second
)

// collector is a collector that the demo started.
type collector struct {
	*child.Process
	logPath string
}

// startCollector starts the program with the additional environment variables and writes its output to the file at
// logPath.
func startCollector(program string, args, env []string, logPath string) (*collector, error) {
	log, err := os.Create(logPath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the child has its own descriptor
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	p, err := child.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return nil, err
	}
	return &collector{p, logPath}, nil
}

// awaitListening waits until addr accepts connections. It fails if the collector ends before that.
func (c *collector) awaitListening(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	var dialer net.Dialer
	for {
		if conn, err := dialer.DialContext(ctx, "tcp", addr); err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-c.Done():
			return fmt.Errorf("the collector ended before it listened at %s: %w", addr, c.exit())
		case <-ctx.Done():
			return fmt.Errorf("the collector does not listen at %s: %w", addr, context.Cause(ctx))
		}
	}
}

// exit is how the collector ended, as an error even if it succeeded.
func (c *collector) exit() error { return cmp.Or(c.Wait(), errEnded) }

var errEnded = errors.New("exit status 0")

// explain adds the exit status to an error if the collector has ended. It waits a moment for that: a broken connection is
// noticed slightly earlier than the end of the process.
func (c *collector) explain(ctx context.Context, err error) error {
	timeout := time.NewTimer(time.Second)
	defer timeout.Stop()
	select {
	case <-c.Done():
		return fmt.Errorf("%w (collector: %w)", err, c.exit())
	case <-timeout.C:
	case <-ctx.Done():
	}
	return err
}

// logTail returns the last lines of the collector's output.
func (c *collector) logTail(lines int) string {
	content, err := os.ReadFile(c.logPath)
	if err != nil {
		return err.Error()
	}
	return child.LastLines(string(content), lines)
}
