// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package child runs child processes that do not outlive this process.
//
// On Linux the kernel signals a child when its parent dies, whatever the cause. Other systems have no such signal: there a
// child outlives a parent that was killed before it called [Process.Stop] or [Process.Kill].
package child

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Process is a started child. It is reaped as soon as it exits. Its methods are safe for concurrent use.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has exited and was reaped
	err  error         // the result of exec.Cmd.Wait; set before done is closed
}

// Start starts the command in a process group of its own, so that Ctrl-C at a terminal reaches this process alone, which
// then stops the child. On Linux the child receives parentDeath when this process dies.
//
// The command must not have been started, and its Wait must not be called. If its Stdout is an *os.File, the child has its
// own descriptor, and the caller may close the file when Start returns.
func Start(cmd *exec.Cmd, parentDeath syscall.Signal) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	setParentDeathSignal(cmd.SysProcAttr, parentDeath)

	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Linux sends the signal when the thread that forked the child exits, and the Go runtime may end a thread at any
		// time. This goroutine keeps the thread until the child has exited.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name(), err)
	}
	return p, nil
}

// PID returns the process ID of the child, which is also the ID of its process group.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done returns a channel that is closed when the child has exited.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exited reports whether the child has exited.
func (p *Process) Exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Wait waits until the child has exited. It returns nil for exit status 0, and an [exec.ExitError] for other statuses and
// for a child that was killed by a signal.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// WaitFor reports whether the child exits within the timeout.
func (p *Process) WaitFor(timeout time.Duration) bool {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// Signal sends a signal to the child alone, not to its process group. It is not an error if the child has exited.
func (p *Process) Signal(signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %q to %s: %w", signal, p.name(), err)
	}
	return nil
}

// Stop sends SIGTERM and waits for the child to exit. A child that is still running after the grace period is killed, which
// is an error. A child that exits in time is not, whatever its status; see [Process.Wait].
func (p *Process) Stop(grace time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if p.WaitFor(grace) {
		return nil
	}
	return errors.Join(fmt.Errorf("%s did not exit within %s of SIGTERM and was killed", p.name(), grace), p.Kill())
}

// Kill kills the child's process group, unless the child has exited already, and waits until it has exited.
func (p *Process) Kill() error {
	if p.Exited() {
		return nil
	}
	err := syscall.Kill(-p.PID(), syscall.SIGKILL)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill %s: %w", p.name(), err)
	}
	<-p.done
	return nil
}

func (p *Process) name() string { return filepath.Base(p.cmd.Path) }

// LastLines returns the last n lines of a child's output, for an error message.
func LastLines(output string, n int) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
