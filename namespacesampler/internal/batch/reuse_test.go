// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestALargeMapIsReplacedRatherThanCleared(t *testing.T) {
	for name, tt := range map[string]struct {
		held, deleted int
		isKept        bool
	}{
		"an ordinary one":                       {held: 100, isKept: true},
		"the largest that is kept":              {held: maxReusedEntries, isKept: true},
		"one entry more":                        {held: maxReusedEntries + 1},
		"a large one whose entries are deleted": {held: 10 * maxReusedEntries, deleted: 10 * maxReusedEntries},
	} {
		t.Run(name, func(t *testing.T) {
			m := map[int]int{}
			for i := range tt.held {
				m[i] = i
			}
			for i := range tt.deleted {
				delete(m, i)
			}
			emptied := Emptied(m, tt.held)
			assert.NotNil(t, emptied)
			assert.Empty(t, emptied)
			assert.Equal(t, tt.isKept, reflect.ValueOf(m).Pointer() == reflect.ValueOf(emptied).Pointer())
		})
	}
	var none map[int]int
	assert.Empty(t, Emptied(none, 0), "a map that was not made yet")
}
