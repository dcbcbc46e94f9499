// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"context"
	"sync"
	"time"
)

// maxPendingKeys bounds the keys that are queued or being loaded, and so the memory that an outage can take, and the size of
// a query's parameter: 100,000 UUIDs are 4 MB.
const maxPendingKeys = 100_000

// dispatcher owns the loads. Keys that are wanted while fewer than MaxLoads loads are under way start one at once; keys
// that are wanted while all are under way travel together in the next (natural batching). A key that is queued or being
// loaded is never asked for a second time: who wants it too waits for the same load.
type dispatcher struct {
	cfg    ResolverConfig
	source Source
	cache  *cache

	ctx    context.Context // of the loads; ended by close
	cancel context.CancelFunc
	loads  sync.WaitGroup

	mu       sync.Mutex // guards all below, and is never held across I/O
	pending  map[Key]ticket
	next     *load // of the keys that wait for a load to end; nil for none
	underWay int
	closed   bool
}

// load is a set of keys on its way to the source. Its answers may be read once done is closed.
type load struct {
	keys    []Key
	answers []Answer
	done    chan struct{}
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
	return &dispatcher{cfg: cfg, source: source, cache: c, ctx: ctx, cancel: cancel, pending: map[Key]ticket{}}
}

// request has keys[i] loaded for each i of wanted, and returns their tickets.
func (d *dispatcher) request(keys []Key, wanted []int) []ticket {
	tickets := make([]ticket, len(wanted))
	d.mu.Lock()
	defer d.mu.Unlock()
	for n, i := range wanted {
		tickets[n] = d.ticket(keys[i])
	}
	d.start()
	return tickets
}

func (d *dispatcher) ticket(key Key) ticket {
	if t, ok := d.pending[key]; ok {
		return t
	}
	// A load that ended since the caller looked left its answer in the cache before it left pending.
	if answer, ok := d.cache.get(key); ok {
		return ticket{known: answer}
	}
	if d.closed || len(d.pending) >= maxPendingKeys {
		return ticket{}
	}
	key = key.detached()
	if d.next == nil {
		d.next = &load{done: make(chan struct{})}
	}
	t := ticket{load: d.next, index: len(d.next.keys)}
	d.next.keys = append(d.next.keys, key)
	d.pending[key] = t
	return t
}

// start starts the next load where there is one and room for it.
func (d *dispatcher) start() {
	if d.next == nil || d.underWay >= d.cfg.MaxLoads {
		return
	}
	l := d.next
	d.next = nil
	d.underWay++
	d.loads.Go(func() { d.run(l) })
}

// run loads, stores what it learned, and lets the next load go.
func (d *dispatcher) run(l *load) {
	l.answers = make([]Answer, len(l.keys))
	ctx, cancel := context.WithTimeout(d.ctx, d.cfg.LoadTimeout)
	defer cancel()
	began := time.Now()
	roundTrips, err := d.source.Lookup(ctx, l.keys, l.answers)
	report := Load{Keys: len(l.keys), RoundTrips: roundTrips, Duration: time.Since(began), Err: err}

	for i, key := range l.keys {
		if d.cache.put(key, l.answers[i]) {
			report.Late++
		}
	}
	if d.cfg.Loaded != nil {
		d.cfg.Loaded(report)
	}

	d.mu.Lock()
	for _, key := range l.keys {
		delete(d.pending, key)
	}
	d.underWay--
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
		if d.next != nil {
			d.next.answers = make([]Answer, len(d.next.keys))
			close(d.next.done)
			d.next = nil
		}
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
