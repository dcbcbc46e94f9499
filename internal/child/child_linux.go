// SPDX-License-Identifier: Apache-2.0

package child

import "syscall"

func setParentDeathSignal(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }
