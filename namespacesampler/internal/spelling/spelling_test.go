// SPDX-License-Identifier: Apache-2.0

package spelling

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheNearestName(t *testing.T) {
	t.Parallel()
	names := []string{"analytics", "orders", "payments", "рассылка"}
	for name, want := range map[string]string{
		"paymnets": "payments", "Orders": "orders", "order": "orders", "analytic": "analytics", "расылка": "рассылка", "billing": "", "o": "",
	} {
		got, _ := Nearest(t.Context(), name, names)
		assert.Equal(t, want, got, name)
	}
	assert.Equal(t, 3, distance([]rune("kitten"), []rune("sitting")))
	assert.Equal(t, 3, distance(nil, []rune("abc")))
}

func TestNamesOfVeryDifferentLengthAreNotCompared(t *testing.T) {
	t.Parallel()
	var with []string
	counted := func(from, to []rune) int {
		with = append(with, string(to))
		return distance(from, to)
	}
	names := []string{"pay", "payment", "paymentsof", strings.Repeat("payments", 200), "payments", "paymen", "payments!"}
	got, ok := nearest(t.Context(), "paymants", names, counted)
	assert.True(t, ok)
	assert.Equal(t, "payments", got)
	assert.Equal(t, []string{"payment", "payments"}, with[:2], "a distance of 2 was found before the longer ones")
	assert.Len(t, with, 2)
}

func TestTheSearchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	compared := 0
	_, ok := nearest(ctx, "paymants", []string{"payment", "payments", "payment", "payments"}, func(from, to []rune) int {
		if compared++; compared == 2 {
			cancel()
		}
		return distance(from, to)
	})
	assert.False(t, ok)
	assert.Equal(t, 2, compared)
}
