// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package pgtest

import (
	"errors"
	"syscall"
)

// children returns nothing: without /proc, backends are left to notice that their server is gone.
func children(int) []int { return nil }

// alive reports whether a process exists.
func alive(pid int) bool {
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
