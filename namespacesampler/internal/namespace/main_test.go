// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The runtime runs the clean-ups of package unique, which interns the names in the cache, when it likes.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.runCleanups"))
}
