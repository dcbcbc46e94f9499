// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"context"
	"sync"
	"time"
)

const (
	// maxPendingKeys bounds the keys that are queued or being loaded, and thus memory during an outage and the size of a query's
	// parameter: 100,000 UUIDs take 4 MB.
	maxPendingKeys = 100_000
	// maxLockedKeys bounds the keys processed per lock acquisition, so that small batches do not wait for huge ones.
	maxLockedKeys = 1_000
	// maxRefreshKeys bounds the keys of a refresh. Other keys stay due.
	maxRefreshKeys = 1_000
	// refreshPause is how long nothing is refreshed after a failed refresh.
	refreshPause = time.Second
)

// dispatcher owns the loads. Wanted keys are loaded at once while fewer than MaxLoads loads are running; otherwise they are
// collected for the next load (natural batching). A key that is queued or being loaded is not asked for again: all who want it
// wait for the same load. Keys to be refreshed have a queue of their own with lower priority, and at most one load at a time.
type dispatcher struct {
	cfg     ResolverConfig
	source  Source
	cache   *cache
	breaker *breaker

	ctx    context.Context // of the loads; ended by close
	cancel context.CancelFunc
	loads  sync.WaitGroup

	huge sync.Mutex // held by the request whose keys are added to filling; locked before mu

	mu         sync.Mutex // guards all below, and is never held across I/O
	pending    map[Key]ticket
	next       *load // keys that wait for a running load to end; may be nil
	filling    *load // in place of next while a huge request adds its keys, so that it does not start before it has all; may be nil
	refresh    *load // keys to be refreshed; may be nil
	running    int
	refreshing bool      // a running load is a refresh
	refreshAt  time.Time // earliest time of the next refresh
	trying     bool      // a running load is that of the half-open breaker
	recovery   recovery
	closed     bool
}

// load is a set of keys that is loaded together. Its answers may be read after done is closed.
type load struct {
	keys      []Key
	answers   []Answer // nil if the load was abandoned
	done      chan struct{}
	isRefresh bool
}

// ticket is the position of a key in a load. Without a load, the key was answered meanwhile or is not loaded.
type ticket struct {
	load  *load
	index int
	known Answer
}

// answer returns the answer of a ticket. It is Unavailable while its load is running.
func (t ticket) answer() Answer {
	if t.load == nil {
		return t.known
	}
	select {
	case <-t.load.done:
		if t.load.answers != nil {
			return t.load.answers[t.index]
		}
	default:
	}
	return Answer{}
}

func newDispatcher(cfg ResolverConfig, source Source, c *cache) *dispatcher {
	ctx, cancel := context.WithCancel(context.Background())
	return &dispatcher{
		cfg: cfg, source: source, cache: c, breaker: newBreaker(cfg.Breaker),
		ctx: ctx, cancel: cancel, pending: map[Key]ticket{},
	}
}

// request has keys[i] loaded for each i of wanted and returns their tickets, or nil if the breaker allows nothing. worthWaiting
// is false unless the breaker is closed: keys are then loaded in the background.
func (d *dispatcher) request(keys []Key, wanted []int) (tickets []ticket, worthWaiting bool) {
	isHuge := len(wanted) > maxLockedKeys
	if isHuge { // one at a time, so that there is a moment for the load to start between any two
		d.huge.Lock()
		defer d.huge.Unlock()
	}
	state := d.breaker.state()
	if state != Closed {
		defer d.breaker.notify() // it may have become half open just now
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuses(state) {
		return nil, false
	}
	tickets = make([]ticket, len(wanted))
	if isHuge {
		d.fill(tickets, keys, wanted)
	} else {
		for n, i := range wanted {
			tickets[n] = d.ticket(keys[i], d.open)
		}
	}
	d.start()
	return tickets, state == Closed
}

// fill sets the tickets of a huge request, and lets others have the lock meanwhile. The load that it adds keys to does not start before it
// has all of them, but small requests that find room start loads of their own.
func (d *dispatcher) fill(tickets []ticket, keys []Key, wanted []int) {
	d.filling, d.next = d.next, nil
	if d.filling == nil {
		d.filling = &load{done: make(chan struct{})}
	}
	filling := func() *load { return d.filling }
	for n, i := range wanted {
		if n > 0 && n%maxLockedKeys == 0 {
			d.yield()
		}
		tickets[n] = d.ticket(keys[i], filling)
	}
	if d.filling != nil && len(d.filling.keys) > 0 { // else the dispatcher was closed meanwhile, or all keys were pending already
		d.next = d.filling // which is nil: small requests that found no room have added to filling, others have started
	}
	d.filling = nil
}

// open returns the load that keys are added to.
func (d *dispatcher) open() *load {
	if d.filling != nil && d.running >= d.cfg.MaxLoads {
		return d.filling
	}
	if d.next == nil {
		d.next = &load{done: make(chan struct{})}
	}
	return d.next
}

// yield gives the lock to those who wait for it.
func (d *dispatcher) yield() {
	d.mu.Unlock()
	d.mu.Lock()
}

// refuses reports whether nothing may be loaded now, though keys are wanted.
func (d *dispatcher) refuses(state BreakerState) bool {
	refused := state == Open || state == HalfOpen && d.trying
	d.recovery.isWanted = d.recovery.isWanted || refused
	return refused
}

// ticket returns the ticket of a key. If it must be loaded, it is added to the load that open returns.
func (d *dispatcher) ticket(key Key, open func() *load) ticket {
	if t, ok := d.pending[key]; ok {
		return t
	}
	// A load that has ended since the caller looked stored its answer in the cache before it was removed from pending.
	if answer, _, ok := d.cache.get(key, d.cache.now()); ok {
		return ticket{known: answer}
	}
	if d.closed || len(d.pending) >= maxPendingKeys {
		return ticket{}
	}
	return d.add(open(), key)
}

// add adds a key to a load that has not started.
func (d *dispatcher) add(l *load, key Key) ticket {
	key = key.detached()
	t := ticket{load: l, index: len(l.keys)}
	l.keys = append(l.keys, key)
	d.pending[key] = t
	return t
}

// requestRefresh has keys[i] refreshed in the background for each i of due, up to maxRefreshKeys.
func (d *dispatcher) requestRefresh(keys []Key, due []int) {
	state := d.breaker.state()
	if state != Closed {
		defer d.breaker.notify()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.refuses(state) || time.Now().Before(d.refreshAt) {
		return
	}
	now := d.cache.now()
	for _, i := range due {
		if d.refresh == nil {
			d.refresh = &load{done: make(chan struct{}), isRefresh: true}
		}
		if len(d.refresh.keys) >= maxRefreshKeys {
			break
		}
		if _, ok := d.pending[keys[i]]; ok {
			continue
		}
		// A load may have ended since the caller looked, as for wanted keys.
		if _, dueAt, ok := d.cache.get(keys[i], now); ok && dueAt <= now {
			d.add(d.refresh, keys[i])
		}
	}
	d.start()
}

// start starts as many loads as may run. A load that the breaker does not allow fails at once.
func (d *dispatcher) start() {
	for d.running < d.cfg.MaxLoads {
		l := d.pop()
		if l == nil {
			return
		}
		done, ok := d.breaker.allow()
		if !ok {
			d.abandon(l)
			continue
		}
		tries := d.breaker.state() == HalfOpen
		d.trying = d.trying || tries
		d.refreshing = d.refreshing || l.isRefresh
		d.running++
		d.loads.Go(func() { d.run(l, done, tries) })
	}
}

// pop returns the next load: wanted keys first, then keys to be refreshed.
func (d *dispatcher) pop() (l *load) {
	switch {
	case d.next != nil:
		l, d.next = d.next, nil
	case d.refresh != nil && len(d.refresh.keys) > 0 && !d.refreshing:
		l, d.refresh = d.refresh, nil
	}
	return l
}

// abandon ends a load that has not started.
func (d *dispatcher) abandon(l *load) {
	d.forget(l.keys)
	close(l.done)
}

// forget removes keys from pending, and lets others have the lock meanwhile.
func (d *dispatcher) forget(keys []Key) {
	for n, key := range keys {
		if n > 0 && n%maxLockedKeys == 0 {
			d.yield()
		}
		delete(d.pending, key)
	}
}

// run runs a load, stores its answers, and starts the next load.
func (d *dispatcher) run(l *load, done func(error), tries bool) {
	l.answers = make([]Answer, len(l.keys))
	ctx, cancel := context.WithTimeout(d.ctx, d.cfg.LoadTimeout)
	defer cancel()
	began := time.Now()
	roundTrips, err := d.source.Lookup(ctx, l.keys, l.answers)
	report := Load{RoundTrips: roundTrips, Duration: time.Since(began), Err: err}

	store := d.cache.put
	if l.isRefresh {
		store = d.cache.refresh
	}
	for i, key := range l.keys {
		if store(key, l.answers[i]) {
			report.Late++
		}
	}
	result := verdict(roundTrips, err)
	d.report(report, result)
	done(result)
	d.breaker.notify()
	d.end(l, result, tries)
}

// end ends a load whose answers are stored.
func (d *dispatcher) end(l *load, result error, tries bool) {
	d.mu.Lock()
	d.forget(l.keys)
	d.running--
	d.trying = d.trying && !tries
	if l.isRefresh {
		d.refreshing = false
		if result != nil {
			d.refreshAt = time.Now().Add(refreshPause)
		}
	}
	d.scheduleProbe()
	if !d.closed {
		d.start()
	}
	d.mu.Unlock()
	close(l.done) // last, so that a waiting batch that asks again gets a new load
}

// close ends all loads, running and queued, and waits for them until ctx ends.
func (d *dispatcher) close(ctx context.Context) error {
	d.mu.Lock()
	if !d.closed {
		d.closed = true
		d.cancel()
		d.scheduleProbe()
		for _, queued := range []*load{d.next, d.filling, d.refresh} {
			if queued != nil {
				close(queued.done)
			}
		}
		d.next, d.filling, d.refresh = nil, nil, nil
		d.pending = map[Key]ticket{} // to delete many keys takes long
	}
	d.mu.Unlock()

	ended := make(chan struct{})
	go func() {
		d.loads.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
