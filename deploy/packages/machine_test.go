// SPDX-License-Identifier: Apache-2.0

//go:build linux

package packages

import (
	"bytes"
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

// machine is a clean Debian that systemd has booted in a container, without a network but its own loopback interface.
type machine struct {
	t      *testing.T
	leader string // the process ID of its systemd
}

// nextVersion is the version that `make packages-test` builds to upgrade to.
const nextVersion = "999.0.0"

// boot boots the root of $DEBIAN, which debootstrap made, and leaves it as it was: what is written to goes to an overlay in memory. In the machine,
// /packages holds the packages of dist/packages and /next those of the next version.
func boot(t *testing.T) *machine {
	t.Helper()
	debian := os.Getenv("DEBIAN")
	if debian == "" {
		t.Skip("boots a Debian, as root: make packages-test")
	}
	absolute := func(path string) string {
		path, err := filepath.Abs(path)
		require.NoError(t, err)
		require.FileExists(t, path)
		return path
	}
	var console bytes.Buffer
	nspawn := exec.CommandContext(t.Context(), "systemd-nspawn", "--quiet", "--boot", "--directory="+debian, "--volatile=overlay", "--private-network",
		"--register=no", "--keep-unit", "--console=pipe", "--bind-ro="+filepath.Dir(theDeb(t))+":/packages", "--bind-ro="+os.Getenv("NEXT")+":/next",
		"--bind-ro="+absolute("../../bin/telemetrygen")+":/usr/local/bin/telemetrygen")
	nspawn.Stdout, nspawn.Stderr = &console, &console
	nspawn.Cancel = func() error { return nspawn.Process.Signal(syscall.SIGTERM) } // an orderly shutdown
	nspawn.WaitDelay = time.Minute
	require.NoError(t, nspawn.Start())
	t.Cleanup(func() { // after the test's context has ended
		_ = nspawn.Wait()
		if t.Failed() {
			t.Log(console.String())
		}
	})

	m := &machine{t: t}
	require.Eventually(t, func() bool {
		children, _ := exec.CommandContext(t.Context(), "pgrep", "-P", strconv.Itoa(nspawn.Process.Pid)).Output()
		m.leader = strings.TrimSpace(string(children))
		if m.leader == "" {
			return false
		}
		state, _ := m.try("systemctl is-system-running")
		return state == "running"
	}, time.Minute, 100*time.Millisecond, "systemd does not boot in a container here")
	return m
}

// try runs a shell command in the machine, and returns its output and whether it succeeds.
func (m *machine) try(command string) (string, bool) {
	m.t.Helper()
	enter := exec.CommandContext(m.t.Context(), "nsenter", "--target="+m.leader, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd",
		"env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", command)
	output, err := enter.CombinedOutput()
	return strings.TrimSpace(string(output)), err == nil
}

// run returns the output of a shell command that succeeds in the machine.
func (m *machine) run(command string) string {
	m.t.Helper()
	output, ok := m.try(command)
	require.True(m.t, ok, "%s: %s\n%s", command, output, m.journal())
	return output
}

// fails returns the output of a shell command that fails in the machine.
func (m *machine) fails(command string) string {
	m.t.Helper()
	output, ok := m.try(command)
	require.False(m.t, ok, "%s: %s", command, output)
	return output
}

// eventually waits until a shell command succeeds in the machine.
func (m *machine) eventually(command string) {
	m.t.Helper()
	output := ""
	if !assert.Eventually(m.t, func() bool {
		var ok bool
		output, ok = m.try(command)
		return ok
	}, time.Minute, 100*time.Millisecond) {
		require.FailNow(m.t, command, "%s\n%s", output, m.journal())
	}
}

func (m *machine) journal() string {
	journal, _ := m.try("journalctl --no-pager --output=cat --unit=otelcol-tasker | tail -n 40")
	return journal
}

// property returns a property of the service.
func (m *machine) property(name string) string {
	m.t.Helper()
	return m.run("systemctl show --property=" + name + " --value otelcol-tasker")
}
