// SPDX-License-Identifier: Apache-2.0

package pgtest

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// dieWithParent makes the kernel end the child when this process goes, also by SIGKILL. SIGQUIT is the server's
// immediate shutdown: it takes its backends along and gives its shared memory back, which SIGKILL would not.
func dieWithParent(attr *syscall.SysProcAttr) {
	attr.Pdeathsig = syscall.SIGQUIT
}

// children are the processes that pid has started and that still run. Backends have sessions of their own, so the
// process group does not tell.
func children(pid int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []int
	for _, entry := range entries {
		child, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if state, parent, ok := procStat(child); ok && parent == pid && state != 'Z' {
			found = append(found, child)
		}
	}
	return found
}

// alive tells whether a process runs. A zombie does not: a container's first process may never reap it.
func alive(pid int) bool {
	state, _, ok := procStat(pid)
	return ok && state != 'Z' && state != 'X'
}

// procStat reads the state and the parent of a process from proc_pid_stat(5). The command's name before them is in
// parentheses and may itself hold spaces and parentheses.
func procStat(pid int) (state byte, parent int, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, false
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0, 0, false
	}
	parent, err = strconv.Atoi(string(fields[1]))
	return fields[0][0], parent, err == nil
}
