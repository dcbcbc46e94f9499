// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// process is a child that ends with this process. done is closed when it has ended and was reaped; err is set by then.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// startProcess starts the command.
//
// On Linux the kernel signals the child when its parent dies, and takes for the parent the thread that forked it. Go
// may end a thread at any time, so the goroutine that forks keeps its thread until the child has ended.
func startProcess(cmd *exec.Cmd) (*process, error) {
	dieWithParent(cmd.SysProcAttr)
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
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
		return nil, fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// exit is the reason why a process ended that should have stayed; call it when exited is true.
func (p *process) exit() error {
	<-p.done
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

// stop sends the signal, waits for the process to end and kills it and its children when the grace period is over.
func (p *process) stop(sig syscall.Signal) error {
	if err := p.signal(sig); err != nil {
		return err
	}
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
		return p.kill()
	}
}

// kill ends the server and its backends without giving any of them the chance to react. The server is halted first, so
// that it neither starts new backends nor notices that some are gone. It returns when all of them are gone.
func (p *process) kill() error {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	backends := children(p.pid())
	for _, pid := range backends {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("kill backend %d: %w", pid, err)
		}
	}
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done

	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	for _, pid := range backends {
		if err := poll(ctx, func() bool { return !alive(pid) }); err != nil {
			return fmt.Errorf("backend %d is still there after SIGKILL: %w", pid, err)
		}
	}
	return nil
}

// killGroup kills the process and what it started. It is for initdb; a server's backends leave the group.
func (p *process) killGroup() error {
	err := syscall.Kill(-p.pid(), syscall.SIGKILL)
	<-p.done
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill %s: %w", filepath.Base(p.cmd.Path), err)
	}
	return nil
}

// signal is no error for a process that has already ended.
func (p *process) signal(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %s to the server: %w", sig, err)
	}
	return nil
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
