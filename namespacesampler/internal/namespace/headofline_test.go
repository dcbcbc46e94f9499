// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// isBlocked reports whether a goroutine waits for a lock in a function.
func isBlocked(function string) bool {
	stacks := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(stack, "[sync.Mutex.Lock") && strings.Contains(stack, function) {
			return true
		}
	}
	return false
}

// overtakes has something wait for the lock of a dispatcher behind something else, and returns how many keys were pending when it got the
// lock.
func overtakes(t *testing.T, d *dispatcher, huge func(), function string) (pending int) {
	t.Helper()
	done, overtaken := make(chan struct{}), make(chan int)
	d.mu.Lock()
	go func() {
		defer close(done)
		huge()
	}()
	require.Eventually(t, func() bool { return isBlocked(function) }, time.Minute, time.Millisecond)
	go func() { overtaken <- d.numPending() }()
	require.Eventually(t, func() bool { return isBlocked("numPending") }, time.Minute, time.Millisecond)
	d.mu.Unlock()
	pending = <-overtaken
	<-done
	return pending
}

//go:noinline
func (d *dispatcher) numPending() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.pending)
}

// The lock is given to whoever waits for it, but he has to wake up for that: a busy machine may need several attempts.
func TestSmallBatchesDoNotWaitForAllKeysOfAHugeOne(t *testing.T) {
	const huge, attempts = 90_000, 50
	keys := textKeys(t, numbered("x", huge)...)
	wanted := make([]int, huge)
	for i := range wanted {
		wanted[i] = i
	}
	wasBetween := func(pending int) bool { return pending > 0 && pending < huge }
	cfg := testConfig()
	cfg.Breaker.Failures = 1_000

	t.Run("as it asks for them", func(t *testing.T) {
		ok := false
		for range attempts {
			d := newTestResolver(t, cfg, &fakeSource{takes: time.Hour}).dispatcher
			n := overtakes(t, d, func() { d.request(keys, wanted) }, "request")
			if ok = wasBetween(n); ok {
				assert.Zero(t, n%maxLockedKeys, "%d", n)
				break
			}
		}
		assert.True(t, ok)
	})
	t.Run("as their load ends", func(t *testing.T) {
		ok := false
		for range attempts {
			d := newTestResolver(t, cfg, &fakeSource{}).dispatcher
			l := &load{done: make(chan struct{})}
			d.mu.Lock()
			for _, key := range keys {
				d.add(l, key)
			}
			d.running++
			d.mu.Unlock()
			n := overtakes(t, d, func() { d.end(l, nil, false) }, "(*dispatcher).end")
			if ok = wasBetween(n); ok {
				break
			}
		}
		assert.True(t, ok)
	})
}

// Small requests come between the keys of a huge one, as often as the lock is given to them, and each finds room for a load.
func TestAllKeysOfAHugeBatchTravelTogetherThoughSmallOnesComeBetween(t *testing.T) {
	const huge = 20_000
	for _, maxLoads := range []int{1_000_000, 1} {
		source := &fakeSource{takes: time.Hour}
		cfg := testConfig()
		cfg.MaxLoads, cfg.Wait, cfg.LoadTimeout = maxLoads, 0, time.Hour
		r := newTestResolver(t, cfg, source)
		if maxLoads == 1 {
			resolve(t, r, "r-running")
			require.Eventually(t, func() bool { return source.loadCount() == 1 }, time.Minute, time.Millisecond)
		}
		done := make(chan struct{})
		var small sync.WaitGroup
		for worker := range 4 {
			small.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-done:
						return
					default:
						resolve(t, r, fmt.Sprintf("r-small-%d-%d", worker, i))
					}
				}
			})
		}
		keys, answers := textKeys(t, numbered("r-huge-", huge)...), make([]Answer, huge)
		r.Resolve(t.Context(), keys, answers)
		close(done)
		small.Wait()
		d := r.dispatcher
		d.mu.Lock()
		loads, hugeOnes := map[*load]bool{}, 0
		for key, ticket := range d.pending {
			if strings.HasPrefix(key.String(), "r-huge-") {
				loads[ticket.load] = true
				hugeOnes++
			}
		}
		assert.Equal(t, huge, hugeOnes)
		count := len(loads)
		assert.Equal(t, 1, count, "%d loads at once", maxLoads)
		assert.Nil(t, d.filling)
		d.mu.Unlock()
	}
}

func TestClosingAmidTheKeysOfAHugeBatchEndsItsWait(t *testing.T) {
	const huge = 50_000
	cfg := testConfig()
	cfg.Wait, cfg.LoadTimeout = time.Hour, time.Hour
	r := newTestResolver(t, cfg, &fakeSource{takes: time.Hour})
	var all sync.WaitGroup
	all.Go(func() {
		counts := r.Resolve(t.Context(), textKeys(t, numbered("r", huge)...), make([]Answer, huge))
		assert.Equal(t, Counts{Unavailable: huge}, counts)
	})
	for r.dispatcher.numPending() == 0 {
		runtime.Gosched()
	}
	require.NoError(t, r.Close(t.Context()))
	all.Wait()
	assert.Zero(t, pendingKeys(r))
	assert.Nil(t, r.dispatcher.filling)
	assert.Nil(t, r.dispatcher.next)
}
