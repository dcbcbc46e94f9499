// SPDX-License-Identifier: Apache-2.0

package main

import "syscall"

// childAttributes: the child dies with its parent, however that ends; and Ctrl-C at the terminal reaches the parent
// alone, which then stops the child in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
