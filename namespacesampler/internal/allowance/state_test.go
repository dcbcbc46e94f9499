// SPDX-License-Identifier: Apache-2.0

package allowance

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheHistoryIsBounded(t *testing.T) {
	c := newClock()
	for i := range maxMoments + 5 {
		c.arrive(analytics, "analytics", 10*(i+1))
		c.pass(interval)
	}
	s := c.stateOf(t, analytics)
	assert.Len(t, s.Arrived, maxMoments)
	assert.Len(t, s.Kept, maxMoments)
	assert.InDelta(t, 6, s.Arrived[0], 1e-9, "the earliest are forgotten")
	assert.InDelta(t, maxMoments+5, s.Arrived[maxMoments-1], 1e-9, "the latest is the last")
}

func TestBudgetsAreSorted(t *testing.T) {
	c := newClock()
	records := ID{Signal: "logs", Key: "z", ItemsPerSecond: 1}
	more := analytics
	more.ItemsPerSecond = 1000
	for _, id := range []ID{pattern, more, analytics, records, shared} {
		c.allowance(id)
	}
	var ids []ID
	for _, s := range c.States() {
		ids = append(ids, s.ID)
	}
	assert.Equal(t, []ID{records, shared, analytics, more, pattern}, ids)
}

func TestWhatArrivedAndSinceWhenARateHoldsIsRead(t *testing.T) {
	c := newClock()
	read := func() Reading { return c.Read(c.allowance(analytics).Peek("analytics")) }
	assert.Equal(t, Reading{}, read(), "nothing is known before an interval has ended")
	c.pass(interval)
	assert.Equal(t, Reading{HasArrived: true}, read(), "nothing has arrived, and the rate is the initial one")
	c.arrive(analytics, "analytics", 5000)
	c.pass(interval)
	changed := c.now
	assert.Equal(t, Reading{ArrivedPerSecond: 500, HasArrived: true, Since: changed}, read())
	c.arrive(analytics, "analytics", 5001)
	c.pass(interval)
	assert.Equal(t, changed, read().Since, "about the same arrives: the rate stays")
	c.arrive(analytics, "analytics", 10_000)
	c.pass(interval)
	assert.Equal(t, c.now, read().Since)
}

func TestGuardedIntervalsAreCounted(t *testing.T) { // B5
	c := newClock()
	records := ID{Signal: "logs", IsShared: true, ItemsPerSecond: 100}
	for _, id := range []ID{analytics, pattern, records} {
		c.allowance(id)
	}
	burst := func(id ID) {
		a := c.allowance(id)
		a.Of("quiet").Guard.Add(1, 1)
		a.Of("loud").Guard.Add(2*1000, 1)
	}
	burst(pattern)
	burst(records)
	assert.True(t, c.stateOf(t, pattern).IsGuarded)
	assert.True(t, c.stateOf(t, records).IsGuarded)
	assert.False(t, c.stateOf(t, analytics).IsGuarded)
	assert.Equal(t, 3, c.Read(c.allowance(pattern).Peek("loud")).Halvings)
	assert.Equal(t, 0, c.Read(c.allowance(pattern).Peek("quiet")).Halvings, "of its own budget")
	assert.Equal(t, 3, c.Read(c.allowance(records).Peek("quiet")).Halvings, "the budget is shared")
	assert.Empty(t, c.Guarded(), "the interval has not ended")
	c.pass(interval)
	assert.Equal(t, map[string]int64{"traces": 1, "logs": 1}, c.Guarded())
	assert.False(t, c.stateOf(t, pattern).IsGuarded)
	burst(pattern)
	burst(analytics)
	c.pass(interval)
	assert.Equal(t, map[string]int64{"traces": 3, "logs": 1}, c.Guarded(), "each budget counts by itself")
}
