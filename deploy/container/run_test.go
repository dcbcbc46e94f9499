// SPDX-License-Identifier: Apache-2.0

//go:build linux

package container

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a container runtime does: the root is read-only, there is a /proc, and the process is the image's user, with no capabilities. In a
// mount namespace of its own, so that nothing is left behind. $1 is the root, $2 and $3 are user and group; the command follows.
const (
	mounts = `set -e; root=$1 user=$2 group=$3; shift 3; mount --bind "$root" "$root"; mount --rbind /proc "$root/proc"; mount -o remount,bind,ro "$root"; `
	asRoot = mounts + `exec chroot --userspec="$user:$group" --groups= "$root" "$@"`
	// Without root, the user is one of a user namespace. There the files belong to it, so that their modes are tested only as root.
	asUser = mounts + `exec unshare --user --map-user="$user" --map-group="$group" --root="$root" --wd=/ "$@"`
)

// container is the unpacked image.
type container struct{ root, user, group string }

// command returns a command that runs in the container.
func (c *container) command(arguments ...string) *exec.Cmd {
	all := []string{"--mount", "sh", "-c", asRoot}
	if os.Getuid() != 0 {
		all = []string{"--mount", "--map-root-user", "sh", "-c", asUser}
	}
	all = append(all, "sh", c.root, c.user, c.group)
	return exec.Command("unshare", append(all, arguments...)...)
}

// unpack writes the image's files to a folder.
func unpack(t *testing.T) *container {
	t.Helper()
	_, image := built(t)
	file, err := image.ConfigFile()
	require.NoError(t, err)
	c := &container{root: t.TempDir()}
	var ok bool
	c.user, c.group, ok = strings.Cut(file.Config.User, ":")
	require.True(t, ok, file.Config.User)
	root := c.root
	require.NoError(t, os.Chmod(filepath.Dir(root), 0o755)) // as the folder of a runtime: the user of the image passes through
	require.NoError(t, os.Chmod(root, 0o755))
	require.NoError(t, os.Mkdir(filepath.Join(root, "proc"), 0o755))
	found := files(t, image)
	for path, f := range found {
		if f.contents == nil {
			require.NoError(t, os.MkdirAll(filepath.Join(root, path), 0o755))
		}
	}
	for path, f := range found {
		if f.contents != nil {
			require.NoError(t, os.WriteFile(filepath.Join(root, path), f.contents, 0o600))
		}
		require.NoError(t, os.Chmod(filepath.Join(root, path), os.FileMode(f.mode)))
	}
	if output, err := c.command("/otelcol-tasker", "--version").CombinedOutput(); err != nil {
		// Which is what a sandbox without namespaces or mounts says, before the collector could say anything.
		if message := string(output); strings.Contains(message, "unshare: ") || strings.Contains(message, "mount: ") {
			skip(t, "the image is not run: this machine refuses namespaces or mounts: %s", message)
		}
		require.NoError(t, err, "%s", output)
	}
	return c
}

// environment returns the variables of the image, with an address of the loopback interface that nobody else uses in place of all addresses.
func environment(t *testing.T) (variables []string, host string) {
	t.Helper()
	_, image := built(t)
	file, err := image.ConfigFile()
	require.NoError(t, err)
	host = fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(250), rand.IntN(250), 2+rand.IntN(250))
	for _, variable := range file.Config.Env {
		variables = append(variables, strings.ReplaceAll(variable, "0.0.0.0", host))
	}
	return append(variables, "INSPECT_HOST="+host), host
}

// output is what a process wrote.
type output struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.text.String()
}

func ask(t *testing.T, method, url, body string) (status int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	var text bytes.Buffer
	if _, err = text.ReadFrom(response.Body); err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, text.String()
}

const span = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",` +
	`"name":"charge","kind":2,"startTimeUnixNano":"1","endTimeUnixNano":"2","attributes":[{"key":"namespace","value":{"stringValue":"payments"}}]}]}]}]}`

func TestTheImageRunsAsItsUserOnAReadOnlyRoot(t *testing.T) {
	c := unpack(t)
	variables, host := environment(t)
	collector := c.command("/otelcol-tasker", "--config", "/etc/otelcol-tasker/config.yaml")
	collector.Env = variables
	log := &output{}
	collector.Stdout, collector.Stderr = log, log
	require.NoError(t, collector.Start())
	ended := make(chan error, 1)
	go func() { ended <- collector.Wait() }()
	t.Cleanup(func() {
		_ = collector.Process.Kill()
		if t.Failed() {
			t.Logf("the collector's log:\n%s", log)
		}
	})
	require.Eventually(t, func() bool {
		status, _ := ask(t, http.MethodGet, "http://"+host+":13133/", "")
		return status == http.StatusOK
	}, time.Minute, 50*time.Millisecond, "the health check answers")

	proc := fmt.Sprintf("/proc/%d/", collector.Process.Pid)
	status, err := os.ReadFile(proc + "status")
	require.NoError(t, err)
	assert.Regexp(t, `\nCapEff:\s+0{16}\n`, string(status))
	if os.Getuid() == 0 {
		assert.Regexp(t, `\nUid:(\s+10001){4}\n`, string(status))
		assert.Regexp(t, `\nGid:(\s+10001){4}\n`, string(status))
		assert.Regexp(t, `\nGroups:\s*\n`, string(status))
	}
	mountinfo, err := os.ReadFile(proc + "mountinfo") // as the process sees it: / is its root
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^\d+ \d+ \S+ \S+ / ro,`, string(mountinfo))

	code, answer := ask(t, http.MethodPost, "http://"+host+":4318/v1/traces", span)
	require.Equal(t, http.StatusOK, code, answer)
	require.Eventually(t, func() bool {
		_, metrics := ask(t, http.MethodGet, "http://"+host+":8888/metrics", "")
		return strings.Contains(metrics, `otelcol_exporter_sent_spans{exporter="debug"`)
	}, time.Minute, 50*time.Millisecond, "the span is exported")
	_, namespaces := ask(t, http.MethodGet, "http://"+host+":8090/namespaces", "")
	assert.Contains(t, namespaces, `"name":"payments"`)

	require.NoError(t, collector.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-ended:
		require.NoError(t, err, "it ends by itself, with status 0")
	case <-time.After(time.Minute):
		require.Fail(t, "the collector does not end")
	}
	assert.Contains(t, log.String(), "Shutdown complete")
}
