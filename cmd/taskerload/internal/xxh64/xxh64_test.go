// SPDX-License-Identifier: Apache-2.0

package xxh64

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The vectors are the output of another implementation: printf %s TEXT | xxhsum -H1, version 0.8.1. Together they have texts
// without a stripe, with one and with two, and rests of each kind.
func TestSumAgreesWithXxhsum(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{
		"":                                     0xef46db3751d8e999,
		"a":                                    0xd24ec4f1a98c6e5b,
		"order-4711":                           0x48309ceca8bf3ec9,
		"0199c3e0-ccdb-7581-87ab-000000000001": 0x8b22b130bd610c62,
		"/subscriptions/7/resourceGroups/workflows/orders/runs/0856/€-2026": 0x21091d8aedb1a191,
	} {
		assert.Equal(t, want, Sum(text), text)
	}
}
