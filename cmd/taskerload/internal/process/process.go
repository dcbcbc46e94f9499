// SPDX-License-Identifier: Apache-2.0

package main

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
)

// process is a child that does not outlive this one.
type process struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{} // closed when it has ended
	err  error         // how it ended; read after done
}

// startProcess starts the program with its output in the file at logPath.
func startProcess(program string, args, env []string, logPath string) (*process, error) {
	log, err := os.Create(logPath)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(program, args...), log: log, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = childAttributes()

	started := make(chan error)
	go func() {
		// Linux sends the parent-death signal when the thread that made the child ends. Locked, and blocked in Wait, the
		// thread lives as long as the child.
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

// awaitListening returns when something accepts connections at addr, or with an error when the process ended first.
func (p *process) awaitListening(ctx context.Context, addr string) error {
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
			return fmt.Errorf("it ended before it listened at %s: %w", addr, cmp.Or(p.err, errEnded))
		case <-ctx.Done():
			return fmt.Errorf("it does not listen at %s: %w", addr, context.Cause(ctx))
		}
	}
}

var errEnded = errors.New("exit status 0")

// explain adds to an error that the process ended, if it did: a broken connection is seen a little before.
func (p *process) explain(ctx context.Context, err error) error {
	timeout := time.NewTimer(time.Second)
	defer timeout.Stop()
	select {
	case <-p.done:
		return fmt.Errorf("%w (collector: %w)", err, cmp.Or(p.err, errEnded))
	case <-timeout.C:
	case <-ctx.Done():
	}
	return err
}

// stop asks the process to end, and kills it when it does not.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails only when it has ended
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-p.done:
		return nil
	case <-timeout.C:
		_ = p.cmd.Process.Kill()
		<-p.done
		return fmt.Errorf("it did not end within %s of SIGTERM and was killed", stopTimeout)
	}
}

// logTail is the last lines of the process's output.
func (p *process) logTail(lines int) string {
	content, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
