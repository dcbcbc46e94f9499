// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package pgtest

import (
	"errors"
	"syscall"
)

// dieWithParent does nothing: only Linux signals a child when its parent dies. Elsewhere a server outlives a process
// that was killed; one that ends in order stops its clusters.
func dieWithParent(*syscall.SysProcAttr) {}

// children are left to notice for themselves that their server is gone.
func children(int) []int { return nil }

func alive(pid int) bool {
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
