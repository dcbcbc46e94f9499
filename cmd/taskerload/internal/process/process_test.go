// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// The test binary also runs as a parent process that a test kills.
const parentVariable = "TASKERLOAD_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentVariable) != "" {
		os.Exit(parentMain())
	}
	goleak.VerifyTestMain(m)
}

func TestAProcessThatEndsBeforeItListensIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	p, err := Start("sh", []string{"-c", "echo no such key; exit 3"}, nil, filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	err = p.AwaitListening(t.Context(), "127.0.0.1:1")
	require.ErrorContains(t, err, "exit status 3")
	require.NoError(t, p.Stop())
	assert.Equal(t, "no such key", p.LogTail(5))
}

func TestLogTailReturnsTheLastLines(t *testing.T) {
	t.Parallel()
	p, err := Start("seq", []string{"1", "1000"}, nil, filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	<-p.Done()
	assert.Equal(t, "999\n1000", p.LogTail(2))
}

func TestAMissingProgramIsAnError(t *testing.T) {
	t.Parallel()
	_, err := Start("./no-such-collector", nil, nil, filepath.Join(t.TempDir(), "log"))
	assert.ErrorContains(t, err, "no-such-collector")
}

// parentMain starts a child, prints its process ID, and waits to be killed.
func parentMain() int {
	p, err := Start("sleep", []string{"600"}, nil, os.DevNull)
	if err != nil {
		panic(err)
	}
	fmt.Println(p.cmd.Process.Pid)
	<-p.Done()
	return 0
}

func TestTheChildDiesWithAParentThatIsKilled(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentVariable+"=yes")
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	child, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(child, 0), "the child is alive")

	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	assert.Eventually(t, func() bool { return !running(child) }, 10*time.Second, 10*time.Millisecond)
}

// running is false for a process that does not exist or is a zombie.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
