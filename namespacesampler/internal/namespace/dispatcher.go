// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"context"
	"sync"
	"time"
)

const (
	// maxPendingKeys bounds the keys that are queued or being loaded, and so the memory that an outage can take, and the size
	// of a query's parameter: 100,000 UUIDs are 4 MB.
	maxPendingKeys = 100_000
	// maxRefreshKeys bounds the keys of a load that refreshes. What finds no room stays due.
	maxRefreshKeys = 1_000
	// refreshPause is how long nothing is refreshed after a load that could not.
	refreshPause = time.Second
)

// dispatcher owns the loads. Keys that are wanted while fewer than MaxLoads loads are under way start one at once; keys
// that are wanted while all are under way travel together in the next (natural batching). A key that is queued or being
// loaded is never asked for a second time: who wants it too waits for the same load. Keys that are to be refreshed queue
// apart from those that are wanted, behind them, and never take more than one load at a time.
type dispatcher struct {
	cfg     ResolverConfig
	source  Source
	cache   *cache
	breaker *breaker

	ctx    context.Context // of the loads; ended by close
	cancel context.CancelFunc
	loads  sync.WaitGroup

	mu         sync.Mutex // guards all below, and is never held across I/O
	pending    map[Key]ticket
	next       *load // of the keys that wait for a load to end; nil for none
	refresh    *load // of the keys to be refreshed; nil for none
	underWay   int
	refreshing bool      // one of the loads under way refreshes
	refreshAt  time.Time // not earlier
	probing    bool      // one of the loads under way is the half-open breaker's
	closed     bool
}

// load is a set of keys on its way to the source. Its answers may be read once done is closed.
type load struct {
	keys      []Key
	answers   []Answer
	done      chan struct{}
	refreshes bool
}

// ticket is the place of a key in a load, or a key that no load takes, or one that was answered meanwhile.
type ticket struct {
	load  *load
	index int
	known Answer
}

// answer returns the answer of a ticket, Unavailable while its load is under way.
func (t ticket) answer() Answer {
	if t.load == nil {
		return t.known
	}
	select {
	case <-t.load.done:
		return t.load.answers[t.index]
	default:
		return Answer{}
	}
}

func newDispatcher(cfg ResolverConfig, source Source, c *cache) *dispatcher {
	ctx, cancel := context.WithCancel(context.Background())
	return &dispatcher{
		cfg: cfg, source: source, cache: c, breaker: newBreaker(cfg.Breaker),
		ctx: ctx, cancel: cancel, pending: map[Key]ticket{},
	}
}

// request has keys[i] loaded for each i of wanted, and returns their tickets; nil where the breaker lets nothing through.
// worthWaiting is false while it is not closed: what is loaded then is loaded behind the batch.
func (d *dispatcher) request(keys []Key, wanted []int) (tickets []ticket, worthWaiting bool) {
	state := d.breaker.state()
	if state != Closed {
		defer d.breaker.tell() // that it is half-open since just now
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped(state) {
		return nil, false
	}
	tickets = make([]ticket, len(wanted))
	for n, i := range wanted {
		tickets[n] = d.ticket(keys[i])
	}
	d.start()
	return tickets, state == Closed
}

// stopped reports whether nothing may be loaded now.
func (d *dispatcher) stopped(state BreakerState) bool {
	return state == Open || state == HalfOpen && d.probing
}

func (d *dispatcher) ticket(key Key) ticket {
	if t, ok := d.pending[key]; ok {
		return t
	}
	// A load that ended since the caller looked left its answer in the cache before it left pending.
	if answer, _, ok := d.cache.get(key, time.Now().UnixNano()); ok {
		return ticket{known: answer}
	}
	if d.closed || len(d.pending) >= maxPendingKeys {
		return ticket{}
	}
	if d.next == nil {
		d.next = &load{done: make(chan struct{})}
	}
	return d.add(d.next, key)
}

// add gives a key its place in a load that has not started.
func (d *dispatcher) add(l *load, key Key) ticket {
	key = key.detached()
	t := ticket{load: l, index: len(l.keys)}
	l.keys = append(l.keys, key)
	d.pending[key] = t
	return t
}

// renew has keys[i] loaded for each i of due, behind those who read them, as far as there is room.
func (d *dispatcher) renew(keys []Key, due []int) {
	state := d.breaker.state()
	if state != Closed {
		defer d.breaker.tell()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if d.closed || d.stopped(state) || now.Before(d.refreshAt) {
		return
	}
	for _, i := range due {
		if d.refresh == nil {
			d.refresh = &load{done: make(chan struct{}), refreshes: true}
		}
		if len(d.refresh.keys) >= maxRefreshKeys {
			break
		}
		if _, ok := d.pending[keys[i]]; ok {
			continue
		}
		// As for what is wanted: a load may have ended since the caller looked.
		if _, dueAt, ok := d.cache.get(keys[i], now.UnixNano()); ok && dueAt <= now.UnixNano() {
			d.add(d.refresh, keys[i])
		}
	}
	d.start()
}

// start starts the loads that there is room for. Those that the breaker does not let through fail at once.
func (d *dispatcher) start() {
	for d.underWay < d.cfg.MaxLoads {
		l := d.pop()
		if l == nil {
			return
		}
		done, ok := d.breaker.allow()
		if !ok {
			d.abandon(l)
			continue
		}
		probes := d.breaker.state() == HalfOpen
		d.probing = d.probing || probes
		d.refreshing = d.refreshing || l.refreshes
		d.underWay++
		d.loads.Go(func() { d.run(l, done, probes) })
	}
}

// pop takes the next load from the queues: of what is wanted first, then of what is to be refreshed.
func (d *dispatcher) pop() (l *load) {
	switch {
	case d.next != nil:
		l, d.next = d.next, nil
	case d.refresh != nil && len(d.refresh.keys) > 0 && !d.refreshing:
		l, d.refresh = d.refresh, nil
	}
	return l
}

// abandon ends a load that was not started.
func (d *dispatcher) abandon(l *load) {
	for _, key := range l.keys {
		delete(d.pending, key)
	}
	l.answers = make([]Answer, len(l.keys))
	close(l.done)
}

// run loads, stores what it learned, and lets the next load go.
func (d *dispatcher) run(l *load, done func(error), probes bool) {
	l.answers = make([]Answer, len(l.keys))
	ctx, cancel := context.WithTimeout(d.ctx, d.cfg.LoadTimeout)
	defer cancel()
	began := time.Now()
	roundTrips, err := d.source.Lookup(ctx, l.keys, l.answers)
	report := Load{Keys: len(l.keys), RoundTrips: roundTrips, Duration: time.Since(began), Err: err}

	store := d.cache.put
	if l.refreshes {
		store = d.cache.refresh
	}
	for i, key := range l.keys {
		if store(key, l.answers[i]) {
			report.Late++
		}
	}
	if d.cfg.Loaded != nil {
		d.cfg.Loaded(report)
	}
	done(verdict(roundTrips, err))
	d.breaker.tell()

	d.mu.Lock()
	for _, key := range l.keys {
		delete(d.pending, key)
	}
	d.underWay--
	d.probing = d.probing && !probes
	if l.refreshes {
		d.refreshing = false
		if verdict(roundTrips, err) != nil {
			d.refreshAt = time.Now().Add(refreshPause)
		}
	}
	if !d.closed {
		d.start()
	}
	d.mu.Unlock()
	close(l.done) // last: who goes on and asks again is not told of this load's failure a second time
}

// close ends all loads, those under way and those queued, and waits for them until ctx ends.
func (d *dispatcher) close(ctx context.Context) error {
	d.mu.Lock()
	if !d.closed {
		d.closed = true
		d.cancel()
		for _, queued := range []*load{d.next, d.refresh} {
			if queued != nil {
				d.abandon(queued)
			}
		}
		d.next, d.refresh = nil, nil
		clear(d.pending)
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
