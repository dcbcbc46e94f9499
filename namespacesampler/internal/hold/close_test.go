// SPDX-License-Identifier: Apache-2.0

package hold_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
)

func TestCloseLetsWhatCameByTheOutletGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans})
		a, b := newOutlet(store), newOutlet(store)
		a.put(nobody, "a1", "b1")
		b.put(nobody, "a2", "c1")
		a.put(nobody, "a3")
		a.Close(context.Background())
		calls := a.taken()
		require.Len(t, calls, 1)
		assert.Equal(t, []string{"a1", "a3", "b1"}, calls[0].spans)
		assert.Zero(t, calls[0].settled)
		assert.EqualValues(t, 2, store.Spans())

		a.Close(context.Background())
		assert.Empty(t, a.left(), "a second time does nothing")
		a.put(nobody, "d1")
		synctest.Wait()
		assert.Equal(t, []string{"d1"}, a.left(), "what comes later is not held")
		assert.EqualValues(t, 2, store.Spans())

		pass(wait)
		assert.Equal(t, []string{"a2", "c1"}, b.left(), "the others go on waiting")
		b.Close(context.Background())
		assert.Empty(t, b.left())
	})
}

func TestCloseSendsWithALiveContextAndThenEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutlet(hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans}))
		var during error
		o.during = func(c call) { during = c.ctx.Err() }
		o.put(nobody, "a1")
		o.Close(context.Background())
		require.NoError(t, during)
		require.Error(t, o.taken()[0].ctx.Err())
		o.put(nobody, "b1")
		synctest.Wait()
		assert.Error(t, during, "what comes after the end is only decided")
	})
}

func TestCloseWithAContextThatHasEndedDecidesEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutlet(hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans}))
		for i := range 3000 { // several calls
			o.put(nobody, fmt.Sprintf("%c%d", byte(1+i%100), i))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		o.Close(ctx)
		synctest.Wait() // a call that had begun is not waited for
		assert.Len(t, o.left(), 3000)
		assert.Zero(t, o.store.Spans())
	})
}

// A call hangs until its context ends, or beyond.
func TestCloseDoesNotWaitLongerThanItMay(t *testing.T) {
	for _, isStubborn := range []bool{false, true} {
		t.Run(fmt.Sprint(isStubborn), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOutlet(hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans}))
				release := make(chan struct{})
				var ended []error
				var mu sync.Mutex
				o.during = func(c call) {
					if c.spans[0] == "a1" {
						<-c.ctx.Done()
						if isStubborn {
							<-release
						}
					}
					mu.Lock()
					defer mu.Unlock()
					ended = append(ended, c.ctx.Err())
				}
				o.put(nobody, "a1")
				pass(wait)
				o.put(nobody, "b1")
				o.put(withAddress(1), "b2")
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				began := time.Now()
				o.Close(ctx)
				assert.Equal(t, time.Minute, time.Since(began))
				close(release)
				synctest.Wait()
				assert.ElementsMatch(t, []string{"a1", "b1", "b2"}, o.left())
				assert.Zero(t, o.store.Spans())
				assert.Len(t, ended, 3)
				assert.ElementsMatch(t, []error{nil, nil, context.Canceled}, ended, "the others are sent beside the call that hangs")
			})
		})
	}
}

// TestEachSpanLeavesOnce: spans are put, traces decided, time passes and outlets are closed at once.
func TestEachSpanLeavesOnce(t *testing.T) {
	const putters, each = 8, 300
	for range 4 {
		synctest.Test(t, func(t *testing.T) {
			store := hold.NewStore(hold.Config{Wait: time.Millisecond, MaxSpans: 200})
			outlets := []*outlet{newOutlet(store), newOutlet(store)}
			clients := []client.Info{nobody, withAddress(1), {Auth: identity{"x"}}}
			var all sync.WaitGroup
			for n := range putters {
				all.Go(func() {
					o := outlets[n%2]
					for i := range each {
						o.put(clients[(n+i)%3], fmt.Sprintf("%c%d.%d", byte(1+(i*7+n)%40), n, i))
						switch i % 5 {
						case 1:
							o.decide(byte(1 + i%40))
						case 2:
							o.excess()
						case 3:
							time.Sleep(100 * time.Microsecond)
						}
					}
				})
			}
			all.Go(func() {
				time.Sleep(10 * time.Millisecond)
				outlets[0].Close(t.Context())
			})
			all.Wait()
			for _, o := range outlets {
				o.Close(t.Context())
			}
			synctest.Wait()
			seen := map[string]int{}
			for i, o := range outlets {
				for _, name := range o.left() {
					seen[name]++
					var trace rune
					var n, number int
					_, err := fmt.Sscanf(name, "%c%d.%d", &trace, &n, &number)
					require.NoError(t, err)
					require.Equal(t, i, n%2, "it leaves as it came")
				}
			}
			require.Len(t, seen, putters*each)
			for name, times := range seen {
				require.Equal(t, 1, times, name)
			}
			require.Zero(t, store.Spans())
		})
	}
}
