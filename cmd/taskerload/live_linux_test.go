// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// liveRun is a live run as a process of its own.
type liveRun struct {
	cmd     *exec.Cmd
	dir     string        // of temporary folders
	printed chan struct{} // something has been printed
	ended   chan struct{}
	err     error // how it ended

	mu     sync.Mutex
	output bytes.Buffer
}

func (r *liveRun) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.output.Write(b)
	select {
	case r.printed <- struct{}{}:
	default: // it is known that there is more
	}
	return len(b), nil
}

func (r *liveRun) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.output.String()
}

func newLiveRun(t *testing.T) *liveRun {
	t.Helper()
	dir, err := os.MkdirTemp("", "live-") //nolint:usetesting // Postgres runs as another user and cannot enter t.TempDir
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755), "Postgres runs as another user")
	r := &liveRun{dir: dir, printed: make(chan struct{}, 1), ended: make(chan struct{})}
	r.cmd = exec.Command(os.Args[0], "live", "--collector", os.Args[0], "--config", "../../testdata/demo-live.yaml",
		"--overrides", "../../testdata/overrides.sql", "--tasks", "500")
	r.cmd.Env = append(os.Environ(), programVariable+"="+loadTool, "TMPDIR="+dir)
	return r
}

// start starts the run, which is waited for in the background.
func (r *liveRun) start(t *testing.T) {
	t.Helper()
	require.NoError(t, r.cmd.Start())
	go func() {
		defer close(r.ended)
		r.err = r.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill() // unless it has ended
		<-r.ended
	})
}

// startOnTerminal starts the run on a terminal of its own, and returns what types into it and a function that waits for all output.
func (r *liveRun) startOnTerminal(t *testing.T) (keyboard *os.File, awaitOutput func()) {
	t.Helper()
	keyboard, terminal := openTerminal(t)
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = terminal, terminal, terminal
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	r.start(t)
	require.NoError(t, terminal.Close())
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(r, keyboard) // an error when nobody has the terminal open any more
	}()
	return keyboard, func() { <-read }
}

// openTerminal opens both ends of a new pseudo-terminal.
func openTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = keyboard.Close() })
	var number, unlocked int32
	for request, argument := range map[uintptr]*int32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &unlocked} {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, keyboard.Fd(), request, uintptr(unsafe.Pointer(argument)))
		require.Zero(t, errno)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	return keyboard, terminal
}

// processes returns the processes that name the run's folder of temporary folders in their arguments or their environment: collector, Postgres.
func (r *liveRun) processes(t *testing.T) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range files {
		arguments, _ := os.ReadFile(file) // the process may have ended
		environment, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "environ"))
		if strings.Contains(string(arguments)+string(environment), r.dir) {
			found = append(found, strings.ReplaceAll(string(arguments), "\x00", " "))
		}
	}
	return found
}

// await waits until the run has printed the words.
func (r *liveRun) await(t *testing.T, words string) {
	t.Helper()
	for !strings.Contains(r.text(), words) {
		select {
		case <-r.printed:
		case <-r.ended:
			require.Contains(t, r.text(), words, "it has ended")
			return
		}
	}
}

func (r *liveRun) assertNothingIsLeft(t *testing.T) {
	t.Helper()
	assert.Empty(t, r.processes(t))
	left, err := os.ReadDir(r.dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestCtrlCAtATerminalEndsALiveRunAndLeavesNothing(t *testing.T) {
	t.Parallel()
	r := newLiveRun(t)
	stopping, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = stopping.Close() }()
	r.cmd.Env = append(r.cmd.Env, stopVariable+"="+stopping.Addr().String())
	keyboard, awaitOutput := r.startOnTerminal(t)
	r.await(t, "Ctrl-C stops")
	require.GreaterOrEqual(t, len(r.processes(t)), 3, "load tool, collector, and Postgres")

	typeCtrlC := func() {
		_, err := keyboard.Write([]byte("\x03"))
		require.NoError(t, err)
	}
	typeCtrlC()
	conn, err := stopping.Accept() // of the collector, which has been told to stop
	require.NoError(t, err)
	typeCtrlC() // impatient
	r.await(t, "stopping\r\n^C")
	require.NoError(t, conn.Close())
	<-r.ended
	awaitOutput()
	require.NoError(t, r.err, r.text())
	assert.Regexp(t, regexp.MustCompile(`\r\x1b\[Kstopping\r\n\^Cstopped; nothing is left\r\n$`), r.text())
	r.assertNothingIsLeft(t)
}

func TestSignalsEndALiveRunAndLeaveNothing(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			r := newLiveRun(t)
			r.cmd.Stdout, r.cmd.Stderr = r, r
			r.start(t)
			r.await(t, "Ctrl-C stops")
			require.NoError(t, r.cmd.Process.Signal(s))
			<-r.ended
			require.NoError(t, r.err, r.text())
			assert.NotContains(t, r.text(), "\x1b", "codes are for terminals")
			r.assertNothingIsLeft(t)
		})
	}
}
