// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package child

import "syscall"

// setParentDeathSignal does nothing: only Linux has such a signal.
func setParentDeathSignal(*syscall.SysProcAttr, syscall.Signal) {}
