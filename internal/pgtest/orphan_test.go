// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// orphanEnv makes the test binary a program that launches a cluster and never stops it.
const orphanEnv = "PGTEST_LAUNCH_AND_HANG"

// launchAndHang prints the server's process id and the cluster's folder, and waits to be killed.
func launchAndHang() {
	// Threads must not be taken for the parent: while the server starts, many end, each with a goroutine that keeps it.
	var threads sync.WaitGroup
	launched := make(chan struct{})
	for range 4 {
		threads.Go(func() {
			for open := true; open; {
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					runtime.LockOSThread()
				}()
				<-ended
				select {
				case <-launched:
					open = false
				default:
				}
			}
		})
	}
	c, err := Launch(context.Background())
	close(launched)
	threads.Wait()
	if err == nil {
		err = run(context.Background(), c.DSN("postgres"), `SELECT 1`)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(c.server.PID(), c.dir)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	os.Exit(1)
}

func TestTheServerDiesWithAParentThatIsKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a process that its parent died")
	}
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), orphanEnv+"=1")
	hold, err := parent.StdinPipe() // never written to: the parent waits for it
	require.NoError(t, err)
	defer func() { _ = hold.Close() }()
	output, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())

	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	var pid int
	var dir string
	_, err = fmt.Sscan(line, &pid, &dir)
	require.NoError(t, err, line)
	defer func() { _ = os.RemoveAll(dir) }()
	require.True(t, alive(pid))
	pids := append(children(pid), pid)
	require.Greater(t, len(pids), 1, "the server has background processes")

	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()

	for _, pid := range pids {
		eventually(t, "the server outlived its parent", func() bool { return !alive(pid) })
	}
}
