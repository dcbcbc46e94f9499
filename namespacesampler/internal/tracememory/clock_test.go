// SPDX-License-Identifier: Apache-2.0

package tracememory

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/clocktest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

func TestTracesAreForgottenInTimeThoughTheWallClockIsSet(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]time.Duration{"forward": time.Hour, "back": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock clocktest.Clock
			m := newMemory(t, 10, 30*time.Minute)
			m.now = clock.Now
			settled := &rate.Match{}
			remember(m, 1, settled)
			clock.Set(by)
			assert.Same(t, settled, peek(m, 1))
			clock.Pass(29 * time.Minute)
			assert.Same(t, settled, peek(m, 1), "not before its time")
			clock.Set(-by)
			assert.Same(t, settled, peek(m, 1))
			clock.Set(by)
			clock.Pass(2 * time.Minute)
			assert.Nil(t, peek(m, 1), "in time")
		})
	}
}
