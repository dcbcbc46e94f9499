// SPDX-License-Identifier: Apache-2.0

package harness

// Prometheus returns the host:port of the Prometheus exporter.
func (c *Collector) Prometheus() string { return c.addr.Prometheus }
