// SPDX-License-Identifier: Apache-2.0

//go:build linux

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/deploy/internal/distribution"
	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
)

// subnet returns the first three bytes of addresses on the loopback interface, which on Linux has sixteen million of them: each process can listen on the
// ports of its configuration, as each pod can.
func subnet(t *testing.T) string {
	t.Helper()
	for range 100 {
		network := fmt.Sprintf("127.%d.%d.", 1+rand.IntN(254), rand.IntN(255))
		if listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", network+"1:13133"); err == nil {
			require.NoError(t, listener.Close())
			return network
		}
	}
	t.Fatal("there is no free address")
	return ""
}

// pod is a process with the environment and the configuration of a pod.
type pod struct {
	t       *testing.T
	part    part
	address string
	process *child.Process
	log     string // its file
}

// start starts a collector, and waits until its readiness probe succeeds. Further variables and settings replace those of the pod.
func start(t *testing.T, p part, address string, variables []string, settings ...string) *pod {
	t.Helper()
	arguments := []string{"--config", write(t, p.config)}
	for _, setting := range settings {
		arguments = append(arguments, "--config", "yaml:"+setting)
	}
	command := exec.CommandContext(context.WithoutCancel(t.Context()), distribution.Collector(t), arguments...) // stopped, not killed
	command.Env = append(environment(t, p, address), variables...)
	path := filepath.Join(t.TempDir(), "log")
	log, err := os.Create(path)
	require.NoError(t, err)
	command.Stdout, command.Stderr = log, log
	process, err := child.Start(command, syscall.SIGKILL)
	require.NoError(t, err)
	require.NoError(t, log.Close())
	c := &pod{t, p, address, process, path}
	t.Cleanup(func() {
		c.stop()
		if t.Failed() {
			t.Logf("%s:\n%s", p.name, child.LastLines(c.logged(), 30))
		}
	})
	probe := p.Readiness.HTTPGet
	require.Eventually(t, func() bool {
		status, _ := c.get(probe.Port.IntValue(), probe.Path)
		return status == http.StatusOK || process.Exited()
	}, 30*time.Second, 20*time.Millisecond, "%s is ready", p.name)
	require.False(t, process.Exited(), "the collector has exited")
	return c
}

// stop stops the collector as Kubernetes does.
func (c *pod) stop() {
	assert.NoError(c.t, c.process.Stop(time.Duration(c.part.Grace)*time.Second))
}

func (c *pod) logged() string {
	text, err := os.ReadFile(c.log)
	assert.NoError(c.t, err)
	return string(text)
}

// get returns what the pod answers, or 0 if it does not.
func (c *pod) get(port int, path string) (status int, body string) {
	response, err := http.Get(fmt.Sprintf("http://%s:%d%s", c.address, port, path))
	if err != nil {
		return 0, ""
	}
	text, err := io.ReadAll(response.Body)
	if errors.Join(err, response.Body.Close()) != nil {
		return 0, ""
	}
	return response.StatusCode, string(text)
}

// metric returns the sum of the series of an internal metric, as Prometheus scrapes it, whose labels match a pattern.
func (c *pod) metric(name, labels string) (sum float64) {
	_, body := c.get(int(c.part.ports["metrics"]), "/metrics")
	for _, match := range regexp.MustCompile(`(?m)^`+name+`(?:\{([^}]*)\})? (\S+)$`).FindAllStringSubmatch(body, -1) {
		if regexp.MustCompile(labels).MatchString(match[1]) {
			value, err := strconv.ParseFloat(match[2], 64)
			assert.NoError(c.t, err)
			sum += value
		}
	}
	return sum
}

// send sends OTLP in JSON.
func (c *pod) send(signal, body string) {
	c.t.Helper()
	url := fmt.Sprintf("http://%s:%d/v1/%s", c.address, c.part.ports["otlp-http"], signal)
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(c.t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	require.NoError(c.t, response.Body.Close())
	require.Equal(c.t, http.StatusOK, response.StatusCode)
}
