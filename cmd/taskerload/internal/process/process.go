// SPDX-License-Identifier: Apache-2.0

// Package process runs a program as a child process that does not outlive its parent.
package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	startTimeout = 30 * time.Second
	stopTimeout  = 15 * time.Second
	pollInterval = 50 * time.Millisecond
)

// Process is a running or ended child process.
type Process struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{} // closed when the process has ended
	err  error         // how it ended; read only after done
}

// Start starts the program with the additional environment variables and writes its output to the file at logPath.
func Start(program string, args, env []string, logPath string) (*Process, error) {
	log, err := os.Create(logPath)
	if err != nil {
		return nil, err
	}
	p := &Process{cmd: exec.Command(program, args...), log: log, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = childAttributes()

	started := make(chan error)
	go func() {
		// Linux sends the parent-death signal when the thread that started the child ends. The thread is locked and blocked
		// in Wait, so it lives as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		defer func() { _ = log.Close() }()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		<-p.done
		return nil, err
	}
	return p, nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// AwaitListening waits until addr accepts connections. It fails if the process ends before that.
func (p *Process) AwaitListening(ctx context.Context, addr string) error {
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
		case <-p.done:
			return fmt.Errorf("the process ended before it listened at %s: %w", addr, p.exit())
		case <-ctx.Done():
			return fmt.Errorf("the process does not listen at %s: %w", addr, context.Cause(ctx))
		}
	}
}

// exit is how the process ended, as an error even if it succeeded.
func (p *Process) exit() error { return cmp.Or(p.err, errEnded) }

var errEnded = errors.New("exit status 0")

// Explain adds the exit status to an error if the process has ended. It waits a moment for that: a broken connection is
// noticed slightly earlier than the end of the process.
func (p *Process) Explain(ctx context.Context, err error) error {
	timeout := time.NewTimer(time.Second)
	defer timeout.Stop()
	select {
	case <-p.done:
		return fmt.Errorf("%w (collector: %w)", err, p.exit())
	case <-timeout.C:
	case <-ctx.Done():
	}
	return err
}

// Stop sends SIGTERM and waits for the process to end. It kills the process after a timeout.
func (p *Process) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails only if the process has ended
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-p.done:
		return nil
	case <-timeout.C:
		_ = p.cmd.Process.Kill()
		<-p.done
		return fmt.Errorf("the process did not end within %s of SIGTERM and was killed", stopTimeout)
	}
}

// LogTail returns the last lines of the process's output.
func (p *Process) LogTail(lines int) string {
	content, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
