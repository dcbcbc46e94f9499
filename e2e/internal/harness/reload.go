// SPDX-License-Identifier: Apache-2.0

//go:build unix

package harness

import (
	"errors"
	"os/exec"
	"syscall"
)

// Hangup sends SIGHUP, which has the collector read its configuration again.
func (c *Collector) Hangup() { c.signal(syscall.SIGHUP) }

// Terminate sends SIGTERM and does not wait.
func (c *Collector) Terminate() { c.signal(syscall.SIGTERM) }

// AwaitExit waits until the collector exits by itself and returns its exit status. Its log is not looked through for faults.
func (c *Collector) AwaitExit() int {
	c.t.Helper()
	if !c.process.WaitFor(stopGrace) {
		c.t.Fatalf("the collector has not exited; its log:\n%s", c.log)
	}
	c.stopped = true
	var exit *exec.ExitError
	if errors.As(c.process.Wait(), &exit) {
		return exit.ExitCode()
	}
	return 0
}

// Reload has the collector read its configuration again and waits until it is ready. Servers may have other addresses then.
func (c *Collector) Reload(o *Options) {
	c.t.Helper()
	c.AwaitReload(o, c.Hangup)
}

// AwaitReload is Reload by what a function does.
func (c *Collector) AwaitReload(o *Options, reload func()) {
	c.t.Helper()
	before := c.log.Count(isReady)
	reload()
	if !poll(stopGrace, func() (done, ok bool) {
		ready := c.log.Count(isReady) > before
		return ready || c.process.Exited(), ready
	}) {
		c.t.Fatalf("the collector has not become ready again; its log:\n%s", c.log)
	}
	c.readAddresses(o)
}
