// SPDX-License-Identifier: Apache-2.0

package harness

import "github.com/prometheus/procfs"

// Usage is what a collector has taken of the machine since it started.
type Usage struct {
	// CPU is in seconds, user and system together; the kernel tells it by hundredths.
	CPU float64
	// Resident and PeakResident are the memory that it holds now, and that it held at the most, in bytes.
	Resident, PeakResident uint64
}

// Usage reads what the kernel has counted, so that the collector itself does nothing for it. Only Linux can be asked.
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
