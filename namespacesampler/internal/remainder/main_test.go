// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
