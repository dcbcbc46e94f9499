// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
)

const (
	readyTimeout = 30 * time.Second
	// stopGrace is longer than any collector should need to end.
	stopGrace    = 20 * time.Second
	portAttempts = 5
)

// Options say which collector to start.
type Options struct {
	// Processor is the YAML of the processor's section, without its name.
	Processor string
	// Type is the processor's type; empty for namespace_sampler.
	Type string
	// Bare leaves the processor out: what comes in goes out.
	Bare bool
	// Sink receives what the processor lets through.
	Sink *Sink
	// SinkAddr is the host:port of what receives it in the place of Sink.
	SinkAddr string
	// Copy, where it is not nil, receives what came in, from pipelines without the processor.
	Copy *Sink
	// ToPrometheus sends data points to a Prometheus exporter in place of Sink; see Exposed.
	ToPrometheus bool
	// Inspect, where it is not empty, adds an inspect section: a line of YAML for it besides the endpoint, or a comment.
	Inspect string
	// Extensions are other extensions, with their settings as YAML.
	Extensions map[string]string
	// Measured is for a collector whose costs are: it is OtelcolBench, with a pipeline for spans alone, and as few internal
	// metrics as a collector has by default.
	Measured bool
	// Env is added to the environment.
	Env []string
	// Expect are parts of the warnings and errors that the log may hold; any other fails the test.
	Expect []string
}

// Collector is a process of the built collector.
type Collector struct {
	t       testing.TB
	process *child.Process
	log     *Log
	addr    addresses
	expect  []string
	stopped bool
}

// Start starts a collector and waits until it is healthy. The test's end stops it and demands that it ended well.
func Start(t testing.TB, o Options) *Collector {
	t.Helper()
	binary := Otelcol
	if o.Measured {
		binary = OtelcolBench
	}
	path := binary(t)
	for attempt := 1; ; attempt++ {
		c := &Collector{t: t, log: &Log{}, addr: freeAddresses(t), expect: o.Expect}
		cmd := exec.Command("sh", "-c", ignoringInterrupt, path, "--config", o.write(t, c.addr))
		cmd.Env = append(os.Environ(), o.Env...)
		cmd.Stdout, cmd.Stderr = c.log, c.log
		var err error
		if c.process, err = child.Start(cmd, syscall.SIGKILL); err != nil {
			t.Fatalf("start the collector: %v", err)
		}
		if c.awaitReady() {
			t.Cleanup(c.end)
			return c
		}
		if err := c.process.Kill(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(c.log.String(), "address already in use") || attempt == portAttempts {
			t.Fatalf("the collector did not become ready; its log:\n%s", c.log)
		}
	}
}

// awaitReady waits until the health check reports that the collector is ready, and until the collector handles SIGTERM, which
// it does a moment later: before that, the signal would kill it. It returns false if the collector exits or takes too long.
func (c *Collector) awaitReady() bool {
	client := http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	healthy := poll(readyTimeout, func() (done, ok bool) {
		if c.process.Exited() {
			return true, false
		}
		response, err := client.Get("http://" + c.addr.Health)
		if err != nil {
			return false, false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK, true
	})
	return healthy && poll(readyTimeout, func() (done, ok bool) {
		return c.process.Exited() || handlesStop(c.process.PID()), !c.process.Exited()
	})
}

// Addr is the host:port of the OTLP/gRPC receiver.
func (c *Collector) Addr() string { return c.addr.OTLP }

// Inspect is the host:port of the processor's inspect section.
func (c *Collector) Inspect() string { return c.addr.Inspect }

// Log is what the collector has written so far.
func (c *Collector) Log() *Log { return c.log }

// Stop ends the collector with SIGTERM, as an orchestrator does, and fails the test unless it ends well: in time, with
// exit code 0, and without an unexpected line in its log.
func (c *Collector) Stop() {
	c.t.Helper()
	if c.stopped {
		return
	}
	c.stopped = true
	if c.process.Exited() {
		c.t.Errorf("the collector exited before it was stopped: %v", c.process.Wait())
	} else if err := errors.Join(c.process.Stop(stopGrace), c.process.Wait()); err != nil {
		c.t.Errorf("the collector did not stop cleanly: %v", err)
	}
	for _, line := range c.log.Faults(c.expect) {
		c.t.Errorf("in the collector's log: %s", line)
	}
}

func (c *Collector) end() {
	c.Stop()
	if c.t.Failed() {
		c.t.Logf("the collector's log:\n%s", c.log)
	}
}
