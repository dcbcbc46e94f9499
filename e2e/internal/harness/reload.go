// SPDX-License-Identifier: Apache-2.0

//go:build unix

package harness

import "syscall"

// Reload has the collector read its configuration again and waits until it is ready. Servers may have other addresses then.
func (c *Collector) Reload(o *Options) {
	c.t.Helper()
	const ready = "Everything is ready"
	before := c.log.Count(ready)
	if err := c.process.Signal(syscall.SIGHUP); err != nil {
		c.t.Fatal(err)
	}
	if !poll(stopGrace, func() (done, ok bool) {
		isReady := c.log.Count(ready) > before
		return isReady || c.process.Exited(), isReady
	}) {
		c.t.Fatalf("the collector has not become ready again; its log:\n%s", c.log)
	}
	c.readAddresses(o)
}
