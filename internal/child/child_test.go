// SPDX-License-Identifier: Apache-2.0

//go:build unix

package child_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
)

// parentEnv makes the test binary a program that starts a child and waits to be killed.
const parentEnv = "CHILD_TEST_PARENT"

// patience is far longer than any of these processes takes.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(parentEnv) != "" {
		runParent()
	}
	goleak.VerifyTestMain(m)
}

// shell returns a command that runs a script and writes its output to the buffer.
func shell(script string, output *bytes.Buffer) *exec.Cmd {
	cmd := exec.Command("sh", "-c", script)
	cmd.Stdout, cmd.Stderr = output, output
	return cmd
}

// startReady starts a script and returns when it has written a line to its standard output.
func startReady(t *testing.T, script string) (*child.Process, string) {
	t.Helper()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = reader.Close() }()
	cmd := exec.Command("sh", "-c", script)
	cmd.Stdout = writer
	p, err := child.Start(cmd, syscall.SIGKILL)
	require.NoError(t, writer.Close())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Kill()) })
	line, err := bufio.NewReader(reader).ReadString('\n')
	require.NoError(t, err)
	return p, strings.TrimSpace(line)
}

func TestExitStatusAndOutputAreReported(t *testing.T) {
	tests := map[string]struct {
		script string
		status string
	}{
		"exit status 0 is no error": {"echo done", ""},
		"another status is":         {"echo done; exit 3", "exit status 3"},
		"a signal is":               {"echo done; kill -KILL $$", "signal: killed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var output bytes.Buffer
			p, err := child.Start(shell(test.script, &output), syscall.SIGKILL)
			require.NoError(t, err)
			require.True(t, p.WaitFor(patience))
			assert.True(t, p.Exited())
			if test.status == "" {
				require.NoError(t, p.Wait())
			} else {
				require.EqualError(t, p.Wait(), test.status)
			}
			assert.Equal(t, "done\n", output.String())
		})
	}
}

func TestAMissingProgramIsAnErrorThatNamesIt(t *testing.T) {
	_, err := child.Start(exec.Command("./no-such-program"), syscall.SIGKILL)
	assert.ErrorContains(t, err, "start no-such-program: ")
}

func TestStopLetsTheProcessFinish(t *testing.T) {
	p, _ := startReady(t, `trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done`)
	assert.False(t, p.Exited())
	require.NoError(t, p.Stop(patience))
	assert.EqualError(t, p.Wait(), "exit status 7")
}

func TestStopKillsAProcessThatIgnoresSIGTERM(t *testing.T) {
	p, _ := startReady(t, `trap '' TERM; echo ready; while :; do sleep 0.01; done`)
	assert.False(t, p.WaitFor(time.Millisecond))
	require.EqualError(t, p.Stop(10*time.Millisecond), "sh did not exit within 10ms of SIGTERM and was killed")
	assert.EqualError(t, p.Wait(), "signal: killed")
}

func TestKillEndsTheWholeGroup(t *testing.T) {
	p, line := startReady(t, `sleep 600 & echo $!; wait`)
	grandchild, err := strconv.Atoi(line)
	require.NoError(t, err)
	require.True(t, running(grandchild))
	require.NoError(t, p.Kill())
	assert.Eventually(t, func() bool { return !running(grandchild) }, patience, time.Millisecond)
}

func TestAProcessThatHasExitedCanBeSignaledStoppedAndKilled(t *testing.T) {
	p, err := child.Start(exec.Command("true"), syscall.SIGKILL)
	require.NoError(t, err)
	require.NoError(t, p.Wait())
	require.NoError(t, p.Signal(syscall.SIGHUP))
	require.NoError(t, p.Stop(patience))
	require.NoError(t, p.Kill())
}

func TestLastLines(t *testing.T) {
	assert.Equal(t, "b\nc", child.LastLines("a\nb\nc\n", 2))
	assert.Equal(t, "a", child.LastLines("a\n", 2))
	assert.Empty(t, child.LastLines("", 2))
}

func TestTheChildDiesWithAParentThatIsKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux signals a child when its parent dies")
	}
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"=1")
	output, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.True(t, running(pid))

	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	assert.Eventually(t, func() bool { return !running(pid) }, patience, time.Millisecond)
}

// runParent starts a child, ends threads so that a child that depends on any of them dies, prints the process ID of the
// child, and waits to be killed.
func runParent() {
	p, err := child.Start(exec.Command("sleep", "600"), syscall.SIGKILL)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for range 100 {
		var threads sync.WaitGroup
		for range 4 {
			threads.Go(runtime.LockOSThread) // the thread ends with a goroutine that keeps it locked
		}
		threads.Wait()
	}
	if p.Exited() {
		fmt.Println("the child died with a thread of its parent")
		os.Exit(1)
	}
	fmt.Println(p.PID())
	_ = p.Wait()
	os.Exit(1)
}

// running reports whether a process exists and is not a zombie: in a container, an orphan may never be reaped.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // empty where there is no /proc
	return !bytes.Contains(stat, []byte(") Z "))
}
