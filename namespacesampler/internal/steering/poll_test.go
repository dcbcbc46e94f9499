// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// polled polls in a bubble and notes when it reads. Reads fail until a time.
type polled struct {
	began    time.Time
	notified chan struct{}
	failing  time.Duration

	mu    sync.Mutex      // sleeping in a bubble orders nothing for the race detector
	reads []time.Duration // since began
}

func (p *polled) start(t *testing.T, interval time.Duration) {
	t.Helper()
	p.began, p.notified = time.Now(), make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		poll(ctx, interval, p.notified, func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.reads = append(p.reads, time.Since(p.began))
			return time.Since(p.began) >= p.failing
		})
	}()
	synctest.Wait()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// at returns when reads began.
func (p *polled) at() []time.Duration {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.reads)
}

func (p *polled) notify() {
	select {
	case p.notified <- struct{}{}:
	default: // a read is pending already
	}
}

func TestTheFirstNotificationIsReadAtOnceAndABurstOnceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p polled
		p.start(t, time.Hour)
		time.Sleep(10 * time.Minute)
		for range 2500 {
			p.notify()
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Minute)
		const first = 10 * time.Minute
		assert.Equal(t, []time.Duration{0, first, first + time.Second, first + 2*time.Second, first + 3*time.Second}, p.at())
		p.notify()
		assert.Len(t, p.at(), 6, "at once again")
		time.Sleep(time.Hour + time.Second)
		assert.Len(t, p.at(), 7, "after the interval")
	})
}

func TestAReadThatWasNotifiedAndFailsIsTriedAgainWithinSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := polled{failing: time.Minute}
		p.start(t, time.Hour)
		time.Sleep(40 * time.Second)
		assert.Equal(t, []time.Duration{0}, p.at(), "nobody asked for the read at start")
		p.notify()
		time.Sleep(10 * time.Minute)
		var at []int
		for _, read := range p.at() {
			at = append(at, int(read/time.Second))
		}
		assert.Equal(t, []int{0, 40, 41, 43, 47, 52, 57, 62}, at, "until it succeeds")
	})
}

func TestReadsAreTriedAgainNoLaterThanTheInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := polled{failing: time.Hour}
		p.start(t, 100*time.Millisecond)
		time.Sleep(250 * time.Millisecond)
		p.notify()
		time.Sleep(90 * time.Millisecond)
		assert.Equal(t, []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond, 250 * time.Millisecond}, p.at())
		time.Sleep(20 * time.Millisecond)
		assert.Len(t, p.at(), 5)
	})
}
