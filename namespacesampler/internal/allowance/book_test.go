// SPDX-License-Identifier: Apache-2.0

package allowance

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
)

const interval = 10 * time.Second

var (
	begin     = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	analytics = ID{Signal: "traces", Key: "analytics", ItemsPerSecond: 100}
	pattern   = ID{Signal: "traces", Key: "web-*", ItemsPerSecond: 100}
	shared    = ID{Signal: "traces", IsShared: true, ItemsPerSecond: 100}
)

// clock is a book whose time passes by hand.
type clock struct {
	*Book
	now time.Time
}

func newClock() *clock {
	return &clock{NewBook(Config{Interval: interval, MinRate: 1e-4, InitialRate: 1}), begin}
}

func (c *clock) allowance(id ID) *Allowance { return c.Allowance(id, c.now) }

// pass ends an interval after a time. All budgets are in use.
func (c *clock) pass(d time.Duration) {
	c.now = c.now.Add(d)
	c.Advance(0, c.now, func(ID) bool { return true }, nil)
}

// arrive meters items of a namespace, all of which are kept.
func (c *clock) arrive(id ID, name string, items int) {
	meter(c.allowance(id).Of(name), items)
}

func meter(s *Share, items int) {
	count := Count{Kept: int64(items)}
	count.Arrivals.Add(1, float64(items))
	s.Meter.Add(&count)
}

func (c *clock) stateOf(t *testing.T, id ID) State {
	t.Helper()
	for _, s := range c.States() {
		if s.ID == id {
			return s
		}
	}
	require.Fail(t, "there is no such budget", "%+v", id)
	return State{}
}

func TestAnIntervalThatHasOnlyBegunGoesOn(t *testing.T) {
	c := newClock()
	before := c.allowance(analytics)
	c.arrive(analytics, "analytics", 1000)
	c.pass(interval/2 - 1)
	assert.Same(t, before, c.allowance(analytics))
	assert.Empty(t, c.stateOf(t, analytics).Arrived)
	c.arrive(analytics, "analytics", 1000)
	c.pass(interval/2 + 1)
	assert.NotSame(t, before, c.allowance(analytics))
	assert.InDelta(t, 0.5, c.allowance(analytics).Of("analytics").Rate, 1e-9, "all that arrived since it began counts")
	assert.Equal(t, []float64{200}, c.stateOf(t, analytics).Arrived)
	c.pass(interval / 2)
	assert.Len(t, c.stateOf(t, analytics).Arrived, 2, "half an interval is enough")
}

func TestAnIntervalThatEndsLateCountsAsOneOfTheUsualLength(t *testing.T) {
	for _, length := range []time.Duration{interval / 2, interval, 2 * interval, time.Hour} {
		t.Run(length.String(), func(t *testing.T) {
			c := newClock()
			c.arrive(analytics, "analytics", 200*int(length.Seconds()))
			c.pass(length)
			assert.InDelta(t, 0.5, c.allowance(analytics).Of("analytics").Rate, 1e-9)
			assert.Equal(t, []float64{200}, c.stateOf(t, analytics).Arrived)
			assert.Equal(t, []float64{200}, c.stateOf(t, analytics).Kept)
		})
	}
}

func TestTheFirstIntervalBeginsWithTheCollector(t *testing.T) {
	c := newClock()
	c.allowance(analytics)
	c.now = c.now.Add(time.Hour)
	c.Begin(c.now)
	c.arrive(analytics, "analytics", 2000)
	c.pass(interval)
	assert.InDelta(t, 0.5, c.allowance(analytics).Of("analytics").Rate, 1e-9)
}

func TestBudgetsThatAreNotInUseAreForgotten(t *testing.T) {
	c := newClock()
	c.arrive(analytics, "analytics", 10_000)
	for i := range maxNamespaces - 1 {
		c.allowance(shared).Of(fmt.Sprint(i))
	}
	c.pass(interval)
	old := c.allowance(analytics).Of("analytics")
	require.InDelta(t, 0.1, old.Rate, 1e-9)
	require.True(t, c.allowance(pattern).Of("web-1").IsRest(), "all places are taken")

	c.now = c.now.Add(interval)
	c.Advance(0, c.now, func(id ID) bool { return id == pattern }, nil)
	assert.Len(t, c.States(), 1)
	meter(old, 10) // a trace may be remembered with it
	assert.Equal(t, Reading{}, c.Read(old))
	assert.False(t, c.allowance(pattern).Of("web-2").IsRest(), "their places are free")
	assert.InDelta(t, 1, c.allowance(analytics).Of("analytics").Rate, 0, "a budget that comes back begins anew")

	c.Advance(0, c.now, func(ID) bool { return false }, nil)
	assert.Empty(t, c.States())
}

func TestABudgetIsTheSameForAllWhoAskForIt(t *testing.T) {
	c := newClock()
	assert.Empty(t, c.States())
	assert.Same(t, c.allowance(analytics), c.allowance(analytics))
	assert.NotEmpty(t, c.States())
	other := analytics
	other.ItemsPerSecond = 200
	assert.NotSame(t, c.allowance(analytics), c.allowance(other))
	a := c.allowance(shared)
	assert.Same(t, a.Of("x"), a.Of("x"))
	assert.Same(t, a.Of("x").Guard, a.Of("y").Guard, "what shares a budget shares the guard")
	a = c.allowance(pattern)
	assert.NotSame(t, a.Of("x").Guard, a.Of("y").Guard)
}

func TestNothingIsLostBetweenIntervals(t *testing.T) {
	const workers, batches, intervals = 4, 2400, 48
	c := newClock()
	ids := []ID{analytics, pattern, shared}
	for _, id := range ids {
		c.allowance(id)
	}
	var working sync.WaitGroup
	ended := make(chan struct{})
	for w := range workers {
		working.Go(func() {
			for i := range batches {
				a := c.Allowance(ids[i%len(ids)], begin)
				name := fmt.Sprint("namespace ", i%7)
				a.Peek(name)
				s := a.Of(name)
				meter(s, w+1)
				s.Guard.Add(1, 1)
				if i%(batches*workers/intervals) == 0 { // the others go on
					ended <- struct{}{}
					c.Read(s)
					c.States()
					c.Names("traces")
					a.Highest()
				}
			}
		})
	}
	for range intervals {
		<-ended
		c.pass(interval)
	}
	working.Wait()
	c.pass(interval)
	arrived, kept := 0.0, 0.0
	for _, id := range ids {
		s := c.stateOf(t, id)
		require.Len(t, s.Arrived, intervals+1)
		for i := range s.Arrived {
			arrived, kept = arrived+s.Arrived[i]*interval.Seconds(), kept+s.Kept[i]*interval.Seconds()
		}
	}
	assert.InDelta(t, batches*(1+2+3+4), arrived, 1e-3)
	assert.InDelta(t, batches*(1+2+3+4), kept, 1e-3)
}

func TestNamespacesBeyondTheBoundShareAPlace(t *testing.T) { // B2
	c := newClock()
	for i := range maxNamespaces {
		a := c.allowance([]ID{shared, pattern}[i%2]) // the budgets of a signal have the places together
		require.False(t, a.Of(fmt.Sprint(i)).IsRest())
	}
	a := c.allowance(shared)
	rest := a.Of("one more")
	assert.True(t, rest.IsRest())
	assert.Same(t, rest, a.Of("and another"))
	assert.Same(t, rest, a.Peek("a third"), "what is shown is what would be")
	assert.False(t, a.Of("0").IsRest())
	assert.False(t, a.Peek("0").IsRest())
	assert.False(t, c.allowance(ID{Signal: "logs", IsShared: true, ItemsPerSecond: 1}).Of("one more").IsRest(), "log records have places of their own")
	assert.Len(t, c.Names("traces"), maxNamespaces)
	assert.NotContains(t, c.Names("traces"), rest.name)

	for i := range 200 {
		meter(a.Of(fmt.Sprint("stranger ", i)), 10)
	}
	c.pass(interval)
	a = c.allowance(shared)
	share := a.Peek("stranger 7")
	assert.True(t, share.IsRest(), "before the first of them has come in the interval")
	assert.InDelta(t, 0.5, share.Rate, 1e-9, "their rate follows from all of them")
	assert.InDelta(t, share.Rate, a.Of("stranger 8").Rate, 0)
	assert.Equal(t, Reading{ArrivedPerSecond: 200, HasArrived: true, Since: c.now}, c.Read(share))
	assert.Equal(t, maxNamespaces/2, c.stateOf(t, shared).Namespaces, "without their place")
}

func TestNamesThatAreTooLongShareAPlace(t *testing.T) {
	c := newClock()
	a := c.allowance(shared)
	assert.False(t, a.Of(strings.Repeat("n", maxNameBytes)).IsRest())
	long := strings.Repeat("n", maxNameBytes+1)
	assert.True(t, a.Peek(long).IsRest())
	assert.True(t, a.Of(long).IsRest())
	assert.Same(t, a.Of(long), a.Peek(long+long))
	assert.Len(t, c.Names("traces"), 1)
}

func TestAQuietNamespaceIsForgotten(t *testing.T) {
	c := newClock()
	for i := range maxNamespaces - 1 {
		c.arrive(shared, fmt.Sprint("quiet ", i), 1)
	}
	for range int(forgetAfter/interval) + 1 {
		c.arrive(shared, "loud", 1)
		c.pass(interval)
	}
	require.Len(t, c.Names("traces"), maxNamespaces)
	require.True(t, c.allowance(shared).Peek("newcomer").IsRest())
	c.arrive(shared, "loud", 1)
	c.pass(interval)
	assert.Equal(t, []string{"loud"}, c.Names("traces"))
	assert.Equal(t, 1, c.stateOf(t, shared).Namespaces)
	for i := range maxNamespaces - 1 { // their places are free
		require.False(t, c.allowance(shared).Of(fmt.Sprint("newcomer ", i)).IsRest())
	}
	assert.True(t, c.allowance(shared).Of("one more").IsRest())
}

func TestPeekingMakesNothingKnown(t *testing.T) {
	c := newClock()
	s := c.allowance(shared).Peek("curiosity")
	assert.Nil(t, s.Meter)
	assert.InDelta(t, 1, s.Rate, 0)
	assert.Empty(t, c.Names("traces"))
	assert.Zero(t, c.stateOf(t, shared).Namespaces)
}

// A batch that began before a budget went out of use still asks for shares. They must not take places that nobody gives up.
func TestABudgetOutOfUseTakesNoPlaces(t *testing.T) {
	c := newClock()
	old := c.allowance(pattern)
	old.Of("known")
	c.Advance(0, c.now, func(id ID) bool { return id == shared }, nil)
	assert.True(t, old.Of("late").IsRest())
	assert.Zero(t, c.reserved["traces"])
}

// The end of an interval can be missed: a machine that was suspended has counted for several.
func TestALongIntervalInAFleetCountsAsOne(t *testing.T) {
	c := newClock()
	c.allowance(analytics)
	c.Adopt(map[ID]*budget.Answer{analytics: {Before: map[string]float64{"analytics": 1}, Arrivals: map[string]budget.Arrivals{}}}, c.now)
	for elapsed, want := range map[time.Duration]float64{interval / 2: 1000, interval: 1000, 4 * interval: 250} {
		var count Count
		count.Arrivals.Add(1, 1000)
		c.allowance(analytics).Of("analytics").Meter.Add(&count)
		c.now = c.now.Add(elapsed)
		arrived := c.Advance(1, c.now, func(ID) bool { return true }, nil)
		assert.InDelta(t, want, arrived[analytics]["analytics"].Items(), 1e-9, elapsed)
	}
}
