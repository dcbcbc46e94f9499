// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
)

// stopServer sends one of the server's shutdown signals and waits for the server to exit. A server that is still running
// after the grace period is killed with its backends.
func stopServer(server *child.Process, shutdown syscall.Signal) error {
	if err := server.Signal(shutdown); err != nil {
		return err
	}
	if server.WaitFor(stopGrace) {
		return nil
	}
	return killServer(server)
}

// killServer kills the server and its backends and returns when all of them are gone. The server is halted first, so that
// it neither starts new backends nor reacts to the loss of one.
func killServer(server *child.Process) error {
	if err := server.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	// Backends have sessions, and thus process groups, of their own.
	backends := children(server.PID())
	for _, pid := range backends {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("kill backend %d: %w", pid, err)
		}
	}
	if err := server.Kill(); err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	for _, pid := range backends {
		if err := poll(ctx, func() bool { return !alive(pid) }); err != nil {
			return fmt.Errorf("backend %d still exists after SIGKILL: %w", pid, err)
		}
	}
	return nil
}

// exitReason returns why a process exited that was expected to keep running.
func exitReason(p *child.Process) error {
	if err := p.Wait(); err != nil {
		return err
	}
	return errors.New("exit status 0")
}

// poll calls the condition until it holds or the context ends, at intervals that grow from 2 to 50 ms.
func poll(ctx context.Context, condition func() bool) error {
	for wait := 2 * time.Millisecond; !condition(); wait = min(2*wait, 50*time.Millisecond) {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
