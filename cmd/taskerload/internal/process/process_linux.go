// SPDX-License-Identifier: Apache-2.0

package process

import "syscall"

// childAttributes make the child die with its parent, however the parent ends. The child's own process group keeps
// Ctrl-C at the terminal from reaching it: the parent gets the signal and stops the child in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
