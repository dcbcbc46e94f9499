// SPDX-License-Identifier: Apache-2.0

package main

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
)

func TestAProcessThatEndsBeforeItListensIsAnErrorAtOnce(t *testing.T) {
	p, err := startProcess("sh", []string{"-c", "echo no such key; exit 3"}, nil, filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	err = p.awaitListening(t.Context(), "127.0.0.1:1")
	require.ErrorContains(t, err, "exit status 3")
	require.NoError(t, p.stop())
	assert.Equal(t, "no such key", p.logTail(5))
}

func TestOnlyTheEndOfALogIsShown(t *testing.T) {
	p, err := startProcess("seq", []string{"1", "1000"}, nil, filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	<-p.done
	assert.Equal(t, "999\n1000", p.logTail(2))
}

func TestAProgramThatIsNotThereIsAnError(t *testing.T) {
	_, err := startProcess("./no-such-collector", nil, nil, filepath.Join(t.TempDir(), "log"))
	assert.ErrorContains(t, err, "no-such-collector")
}

// parentMain starts a child, says its process ID, and waits to be killed.
func parentMain() int {
	p, err := startProcess("sleep", []string{"600"}, nil, os.DevNull)
	if err != nil {
		panic(err)
	}
	fmt.Println(p.cmd.Process.Pid)
	<-p.done
	return 0
}

func TestTheCollectorDiesWithAParentThatIsKilled(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), roleVariable+"=parent")
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

// running is false for a process that is gone, or is dead and only waits to be collected by init.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
