// SPDX-License-Identifier: Apache-2.0

package spelling

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheNearestName(t *testing.T) {
	t.Parallel()
	names := []string{"analytics", "orders", "payments", "рассылка"}
	for name, want := range map[string]string{
		"paymnets": "payments", "Orders": "orders", "order": "orders", "analytic": "analytics", "расылка": "рассылка", "billing": "", "o": "",
	} {
		got, _ := Nearest(name, names)
		assert.Equal(t, want, got, name)
	}
	assert.Equal(t, 3, distance("kitten", "sitting"))
	assert.Equal(t, 3, distance("", "abc"))
}
