// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
)

const (
	// isReady is what a collector logs when it is.
	isReady = "Everything is ready"

	readyTimeout = 30 * time.Second
	// stopGrace is far longer than a collector takes to stop, even on a busy machine.
	stopGrace    = time.Minute
	portAttempts = 5
)

// Options describe the collector to start.
type Options struct {
	// Processor is the YAML of the processor's section, without its name.
	Processor string
	// Base is a configuration file that all of these options are merged into, or empty. The processor and the receiver keep their
	// other settings of that file. A processor section without settings is {}.
	Base string
	// Further are configuration files that are merged into Base.
	Further []string
	// Before are processors of Base that come before the processor in each pipeline.
	Before []string
	// BeforeSpans are processors of Base that come before all others in pipelines of spans.
	BeforeSpans []string
	// After are processors of Base that come after the processor in each pipeline.
	After []string
	// AfterSpans are processors of Base that come after all others in pipelines of spans.
	AfterSpans []string
	// BeforeLogs are processors of Base that come before all others in pipelines of log records.
	BeforeLogs []string
	// AfterLogs are processors of Base that come after all others in pipelines of log records.
	AfterLogs []string
	// LogReceiver is the receiver of Base that log records come from; empty for otlp. Several are separated by commas.
	LogReceiver string
	// LogExporter is the exporter of Base that log records go to; empty for Sink.
	LogExporter string
	// Type is the processor's type; empty for namespace_sampler.
	Type string
	// Bare leaves the processor out, so that everything received is exported.
	Bare bool
	// SpanExporter is the exporter or connector of Base that spans go to; empty for Sink. Several are separated by commas.
	SpanExporter string
	// Sink receives what the processor keeps.
	Sink *Sink
	// SinkAddr is the host:port of another server that receives it instead of Sink.
	SinkAddr string
	// Copy, if not nil, receives what the collector received, from pipelines without the processor.
	Copy *Sink
	// ToPrometheus exports data points to a Prometheus exporter instead of Sink; see Exposed.
	ToPrometheus bool
	// Inspect, if not empty, adds an inspect section. It is a line of YAML for the section besides the endpoint, or a comment.
	Inspect string
	// Extensions are extensions with their settings as YAML.
	Extensions map[string]string
	// FixedPorts gives OTLP and inspect ports that stay free while the collector is down, so that it can be started again on them.
	FixedPorts bool
	// Measured is for measuring a collector's costs: it runs OtelcolBench, with a pipeline for spans only, and with the default
	// level of internal metrics.
	Measured bool
	// Downstream runs OtelcolDownstream.
	Downstream bool
	// Binary is the path of the collector's binary; empty for that of Otelcol.
	Binary string
	// Remote, if not nil, serves the configuration, which the collector reads from there instead of from a file.
	Remote *Remote
	// Delivery is what the exporter to the sink does about failures, as YAML; empty for neither a queue nor retries.
	Delivery string
	// FeatureGates are feature gates to enable, separated by commas.
	FeatureGates string
	// Env is added to the environment.
	Env []string
	// Expect are parts of the warnings and errors that the log may contain; any other fails the test.
	Expect []string
}

// componentType returns the type of the processor, empty if there is none.
func (o *Options) componentType() string {
	switch {
	case o.Bare:
		return ""
	case o.Type == "":
		return "namespace_sampler"
	default:
		return o.Type
	}
}

// Collector is a running process of the built collector.
type Collector struct {
	t       testing.TB
	command []string
	env     []string
	process *child.Process
	ready   int // how often the log said so before the process started
	log     *Log
	addr    addresses
	expect  []string
	stopped bool
}

// Start starts a collector and waits until it is ready. When the test ends, the collector is stopped as by Stop.
func Start(t testing.TB, o Options) *Collector {
	t.Helper()
	binary := Otelcol
	switch {
	case o.Measured:
		binary = OtelcolBench
	case o.Downstream:
		binary = OtelcolDownstream
	}
	path := o.Binary
	if path == "" {
		path = binary(t)
	}
	for attempt := 1; ; attempt++ {
		c := &Collector{t: t, log: &Log{}, addr: newAddresses(t, o.FixedPorts), env: o.Env, expect: o.Expect}
		c.command = append([]string{"-c", ignoringInterrupt, path}, o.arguments(t, c.addr)...)
		if err := c.start(); err != nil {
			t.Fatalf("start the collector: %v", err)
		}
		if c.awaitReady() {
			c.readAddresses(&o)
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

func (c *Collector) start() (err error) {
	cmd := exec.Command("sh", c.command...)
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Stdout, cmd.Stderr = c.log, c.log
	c.ready = c.log.Count(isReady)
	c.process, err = child.Start(cmd, syscall.SIGKILL)
	return err
}

// awaitReady waits until the collector logs that it is ready, and until it handles SIGTERM, which it does a moment later: before
// that, the signal would kill it. It returns false if the collector exits or takes too long.
func (c *Collector) awaitReady() bool {
	return poll(readyTimeout, func() (done, ok bool) {
		if c.process.Exited() {
			return true, false
		}
		ready := c.log.Count(isReady) > c.ready && handlesStop(c.process.PID())
		return ready, ready
	})
}

// readAddresses reads the addresses that the collector chose from its log.
func (c *Collector) readAddresses(o *Options) {
	c.t.Helper()
	if o.FixedPorts {
		return
	}
	c.addr.OTLP = c.loggedAddress("otlp", "endpoint")
	if o.Inspect != "" {
		c.addr.Inspect = c.loggedAddress(o.componentType(), "address")
	}
}

func (c *Collector) loggedAddress(component, field string) string {
	c.t.Helper()
	address := c.log.Value(component, field)
	if address == "" {
		c.t.Fatalf("the component %s did not log its address; the collector's log:\n%s", component, c.log)
	}
	return address
}

// Addr returns the host:port of the OTLP/gRPC receiver.
func (c *Collector) Addr() string { return c.addr.OTLP }

// PID returns the ID of the collector's process.
func (c *Collector) PID() int { return c.process.PID() }

// Inspect returns the host:port of the processor's inspect server.
func (c *Collector) Inspect() string { return c.addr.Inspect }

// Log returns the collector's log.
func (c *Collector) Log() *Log { return c.log }

// Stop stops the collector with SIGTERM, as an orchestrator does. It fails the test unless the collector exits in time, with
// status 0, and without an unexpected line in its log.
func (c *Collector) Stop() {
	c.t.Helper()
	if c.stopped {
		return
	}
	c.stopped = true
	if c.process.Exited() {
		c.t.Errorf("the collector exited before it was stopped: %v", c.process.Wait())
	} else if err := errors.Join(c.process.Signal(syscall.SIGCONT), c.process.Stop(stopGrace), c.process.Wait()); err != nil {
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
