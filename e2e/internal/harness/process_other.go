// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package harness

import "syscall"

// dieWithParent does nothing: only Linux can tell a child of its parent's death.
func dieWithParent(*syscall.SysProcAttr) {}

// idle reports true: only Linux shows what threads do.
func (*process) idle() bool { return true }
