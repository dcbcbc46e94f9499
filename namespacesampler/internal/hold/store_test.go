// SPDX-License-Identifier: Apache-2.0

package hold_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// settled is what settles traces here.
var settled = tracememory.Known{Trace: &tracememory.Trace{IsNamed: true}}

// pass lets time pass, and waits until nothing moves any more.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestTracesLeaveInTheOrderInWhichTheyWereFirstHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutlet(hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans}))
		o.put(nobody, "b1", "a1", "c1", "a2", "b2")
		pass(wait - 1)
		assert.Empty(t, o.left())
		assert.EqualValues(t, 5, o.store.Spans())
		pass(1)
		assert.Equal(t, []string{"b1", "b2", "a1", "a2", "c1"}, o.left())
		assert.Zero(t, o.store.Spans())
		assert.True(t, o.store.IsEmpty())
	})
}

func TestEachTraceWaitsFromItsFirstSpanOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutlet(hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans}))
		o.put(nobody, "a1")
		pass(wait / 2)
		o.put(nobody, "b1", "a2")
		pass(wait/2 - 1)
		assert.Empty(t, o.left())
		pass(1)
		assert.Equal(t, []string{"a1", "a2"}, o.left())
		o.put(nobody, "a3")
		pass(wait / 2)
		assert.Equal(t, []string{"b1"}, o.left())
		pass(wait/2 - 1)
		assert.Empty(t, o.left())
		pass(1)
		assert.Equal(t, []string{"a3"}, o.left(), "a trace that left waits anew")
	})
}

// The timer is set for the oldest trace, which leaves before its time is up.
func TestOthersWaitAsLongIfTheOldestTraceLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutlet(hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans}))
		o.put(nobody, "a1")
		pass(time.Second)
		o.put(nobody, "b1", "c1")
		o.decide('a')
		assert.Equal(t, []string{"a1"}, o.left())
		o.decide('b', 'c')
		assert.Equal(t, []string{"b1", "c1"}, o.left())
		o.put(nobody, "d1")
		pass(wait - 1)
		assert.Empty(t, o.left())
		pass(1)
		assert.Equal(t, []string{"d1"}, o.left())
	})
}

func TestASettledTraceLeavesByTheOutletsThatItCameBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans})
		own, other := newOutlet(store), newOutlet(store)
		own.put(nobody, "a1", "b1")
		other.put(nobody, "a2", "c1")
		id := traceID('a')
		store.Release(&id, settled, nil)
		synctest.Wait()
		assert.EqualValues(t, 4, store.Spans(), "what has not been sent is held")
		store.Send()
		synctest.Wait()
		assert.Equal(t, []string{"a2"}, other.left())
		require.Len(t, own.calls, 1)
		assert.Equal(t, 1, own.calls[0].settled)
		assert.Equal(t, []string{"a1"}, own.left())
		assert.EqualValues(t, 2, store.Spans())
		own.decide('a')
		assert.Empty(t, own.left(), "nothing is left of it")

		own.Close(context.Background())
		other.Close(context.Background())
		assert.Equal(t, []string{"b1"}, own.left())
		assert.Equal(t, []string{"c1"}, other.left())
	})
}

func TestBeyondItsBoundAStoreLetsTheOldestTracesGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutlet(hold.NewStore(hold.Config{Wait: wait, MaxSpans: 4}))
		o.put(nobody, "a1", "b1", "a2", "c1")
		assert.Zero(t, o.excess())
		o.put(nobody, "d1")
		assert.Equal(t, 1, o.excess())
		assert.Equal(t, []string{"a1", "a2"}, o.left())
		o.put(nobody, "d2", "d3", "d4", "d5")
		assert.Equal(t, 3, o.excess(), "a trace that is too large does not stay either")
		assert.Equal(t, []string{"b1", "c1", "d1", "d2", "d3", "d4", "d5"}, o.left())
		assert.Zero(t, o.excess())
		o.put(nobody, "a1", "b1", "c1", "d1")
		assert.Zero(t, o.excess())
		o.Close(context.Background())
	})
}

// A blocked outlet is not open for more than may wait; another one is, and what waits for it goes on waiting.
func TestABlockedOutletIsNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := hold.NewStore(hold.Config{Wait: wait, MaxSpans: 4})
		blocked, other := newOutlet(store), newOutlet(store)
		release := make(chan struct{})
		blocked.during = func(call) { <-release }
		blocked.put(nobody, "a1", "a2", "a3", "a4", "a5")
		assert.True(t, blocked.isOpen())
		assert.Equal(t, 1, other.excess())
		synctest.Wait()
		assert.EqualValues(t, 5, store.Spans())
		assert.False(t, blocked.isOpen())
		assert.True(t, other.isOpen())
		other.put(nobody, "b1")
		assert.Zero(t, other.excess())
		assert.Empty(t, other.left())
		close(release)
		synctest.Wait()
		assert.Equal(t, []string{"a1", "a2", "a3", "a4", "a5"}, blocked.left())
		assert.True(t, blocked.isOpen())
		other.Close(context.Background())
		assert.False(t, other.isOpen())
		blocked.Close(context.Background())
	})
}

func TestAReceiptWaitsNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := hold.NewStore(hold.Config{Wait: wait, MaxSpans: 4})
		blocked, other := newOutlet(store), newOutlet(store)
		release := make(chan struct{})
		blocked.during = func(call) { <-release }
		blocked.put(nobody, "a1")
		other.put(nobody, "a2")
		receipt, id := blocked.NewReceipt(), traceID('a')
		store.Release(&id, settled, receipt)
		store.Send()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		receipt.Wait(ctx)
		assert.Equal(t, time.Minute, time.Since(began))
		other.put(nobody, "b1")
		blocked.put(nobody, "b2")
		other.decide('b') // does not wait for the blocked one
		assert.ElementsMatch(t, []string{"a2", "b1"}, other.left())
		close(release)
		synctest.Wait()
		assert.ElementsMatch(t, []string{"a1", "b2"}, blocked.left())
		blocked.Close(context.Background())
		other.Close(context.Background())
	})
}
