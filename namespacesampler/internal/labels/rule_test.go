// SPDX-License-Identifier: Apache-2.0

package labels

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEveryRuleAndDecisionHasADistinctName(t *testing.T) {
	seen := map[string]bool{}
	for r := range numRules {
		assert.NotEmpty(t, r.String())
		assert.False(t, seen[r.String()], r.String())
		seen[r.String()] = true
	}
	assert.Equal(t, "kept", DecisionOf(true).String())
	assert.Equal(t, "dropped", DecisionOf(false).String())
}
