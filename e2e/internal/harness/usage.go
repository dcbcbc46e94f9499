// SPDX-License-Identifier: Apache-2.0

package harness

import "github.com/prometheus/procfs"

// Usage is the resource usage of a collector.
type Usage struct {
	// CPU is the user and system time since the start, in seconds, with a resolution of 10 ms.
	CPU float64
	// Resident and PeakResident are the current and maximum resident memory, in bytes.
	Resident, PeakResident uint64
}

// Usage reads the collector's resource usage from /proc, without any work by the collector. It needs Linux.
func (c *Collector) Usage() Usage {
	c.t.Helper()
	proc, err := procfs.NewProc(c.process.PID())
	if err != nil {
		c.t.Fatalf("read what the collector uses: %v", err)
	}
	stat, err := proc.Stat()
	if err != nil {
		c.t.Fatalf("read what the collector uses: %v", err)
	}
	status, err := proc.NewStatus()
	if err != nil {
		c.t.Fatalf("read what the collector uses: %v", err)
	}
	return Usage{CPU: stat.CPUTime(), Resident: status.VmRSS, PeakResident: status.VmHWM}
}

// Descriptors returns the number of file descriptors that the collector has open. It needs Linux.
func (c *Collector) Descriptors() int {
	c.t.Helper()
	proc, err := procfs.NewProc(c.process.PID())
	if err != nil {
		c.t.Fatalf("read what the collector uses: %v", err)
	}
	n, err := proc.FileDescriptorsLen()
	if err != nil {
		c.t.Fatalf("read what the collector uses: %v", err)
	}
	return n
}
