// SPDX-License-Identifier: Apache-2.0

//go:build unix

package harness

import (
	"fmt"
	"os"
	"syscall"
)

// Kill kills the collector, as kill -9 does.
func (c *Collector) Kill() {
	c.t.Helper()
	if err := c.process.Kill(); err != nil {
		c.t.Fatal(err)
	}
}

// StartAgain starts a collector that was killed or stopped with the same configuration, and waits until it is ready. It needs
// Options.FixedPorts.
func (c *Collector) StartAgain() {
	c.t.Helper()
	c.stopped = false
	if err := c.start(); err != nil {
		c.t.Fatalf("start the collector again: %v", err)
	}
	if !c.awaitReady() {
		c.t.Fatalf("the collector did not become ready again; its log:\n%s", c.log)
	}
}

// Pause stops the collector's process in its tracks, until Resume or Stop.
func (c *Collector) Pause() { c.signal(syscall.SIGSTOP) }

// Resume continues the process after Pause.
func (c *Collector) Resume() { c.signal(syscall.SIGCONT) }

func (c *Collector) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// Runs reports whether the process runs the file that has this path now. It needs Linux.
func (c *Collector) Runs(path string) bool {
	c.t.Helper()
	running, err := os.Stat(fmt.Sprintf("/proc/%d/exe", c.process.PID()))
	if err != nil {
		c.t.Fatal(err)
	}
	file, err := os.Stat(path)
	if err != nil {
		c.t.Fatal(err)
	}
	return os.SameFile(running, file)
}
