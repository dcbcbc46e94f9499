// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestPriority(t *testing.T) { // T13
	for _, tt := range []struct {
		value any
		want  Priority
	}{
		{int64(0), PriorityDrop},
		{int64(1), PriorityKeep},
		{int64(2), PriorityKeep},
		{int64(-1), NoPriority},
		{0.0, PriorityDrop},
		{math.Copysign(0, -1), PriorityDrop},
		{0.5, PriorityKeep},
		{math.Inf(1), PriorityKeep},
		{math.Inf(-1), NoPriority},
		{math.NaN(), NoPriority},
		{"0", PriorityDrop},
		{"0.0", PriorityDrop},
		{" 1 ", PriorityKeep},
		{"1e3", PriorityKeep},
		{"-2", NoPriority},
		{"NaN", NoPriority},
		{"high", NoPriority},
		{"", NoPriority},
		{"1e999", NoPriority}, // out of range
		{true, NoPriority},
		{[]any{int64(1)}, NoPriority},
	} {
		t.Run(fmt.Sprintf("%T %v", tt.value, tt.value), func(t *testing.T) {
			attributes := pcommon.NewMap()
			require.NoError(t, attributes.FromRaw(map[string]any{PriorityAttribute: tt.value}))
			assert.Equal(t, tt.want, PriorityOf(attributes))
		})
	}
	assert.Equal(t, NoPriority, PriorityOf(pcommon.NewMap()))
}
