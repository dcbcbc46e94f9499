// SPDX-License-Identifier: Apache-2.0

package clocktest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAStepMovesTheWallClockOnly(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour, 0} {
		before := time.Now()
		after := stepped(before, by)
		assert.Zero(t, after.Sub(before), "the monotonic clock")
		assert.Equal(t, by, after.Round(0).Sub(before.Round(0)), "the wall clock")
		assert.Equal(t, before.Add(by).UTC().Format(time.RFC3339Nano), after.UTC().Format(time.RFC3339Nano))
	}
}

func TestAClockCanBeSetForwardAndBack(t *testing.T) {
	var c Clock
	began := c.Now()
	c.Set(2 * time.Hour)
	c.Set(-time.Hour)
	now := c.Now()
	assert.InDelta(t, time.Hour, now.Round(0).Sub(began.Round(0)), float64(time.Minute))
	assert.InDelta(t, 0, now.Sub(began), float64(time.Minute))
	c.Pass(time.Hour)
	now = c.Now()
	assert.InDelta(t, 2*time.Hour, now.Round(0).Sub(began.Round(0)), float64(time.Minute))
	assert.InDelta(t, time.Hour, now.Sub(began), float64(time.Minute))
	c.Pass(-time.Hour)
	synctest.Test(t, func(t *testing.T) {
		assert.Equal(t, time.Now().Add(time.Hour), c.Now())
	})
}

func TestAClockIsSetForWhoeverNotedATime(t *testing.T) {
	type watch struct{ began time.Time }
	v := &struct{ watch *watch }{&watch{time.Now()}}
	SetFor(Noted(v, "watch", "began"), time.Hour)
	began := v.watch.began
	assert.InDelta(t, time.Hour, time.Now().Round(0).Sub(began.Round(0)), float64(time.Minute))
	assert.InDelta(t, 0, time.Since(began), float64(time.Minute))
}
