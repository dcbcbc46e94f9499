// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// handlesStop reports whether the process, started by ignoringInterrupt, handles SIGINT: a Go program leaves the signal ignored
// until it calls signal.Notify for it. The collector asks for SIGINT and SIGTERM in one call, SIGINT first. proc_pid_status(5)
// describes the mask.
func handlesStop(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(status), "\nSigCgt:")
	mask, _, _ := strings.Cut(rest, "\n")
	caught, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
	return err == nil && caught&(1<<(syscall.SIGINT-1)) != 0
}
