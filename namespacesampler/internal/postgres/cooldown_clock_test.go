// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/clocktest"
)

func TestAQueryIsPausedForItsCooldownThoughTheWallClockIsSet(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]time.Duration{"forward": time.Hour, "back": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock clocktest.Clock
			query := pausable{cooldown: 10 * time.Minute, logger: zap.NewNop()}
			query.pause(clock.Now(), &request{}, errors.New("refused"))
			clock.Set(by)
			assert.True(t, query.isPaused(clock.Now()), "not before its time")
			clock.Pass(9 * time.Minute)
			assert.True(t, query.isPaused(clock.Now()))
			clock.Pass(2 * time.Minute)
			assert.False(t, query.isPaused(clock.Now()), "in time")
		})
	}
}
