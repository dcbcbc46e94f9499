// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"context"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// Outlet decides the released spans of a pipeline, and sends those that are kept. It is safe for concurrent use. Both happen asynchronously:
// spans are decided at once, whatever the next component does, and no pipeline waits for that of another.
type Outlet struct {
	store  *Store
	decide func(*Release) (kept int)
	send   func(context.Context, *Release)
	// ctx ends when Close has no more time.
	ctx    context.Context
	cancel context.CancelFunc

	// The lock of the store guards these.
	origins    origins
	released   queue // to be decided
	decided    queue // to be sent
	isDeciding bool
	leaving    int           // spans that are released and have not been sent yet
	senders    int           // goroutines that send
	idle       chan struct{} // closed when nothing is decided or sent any more
	isDue      bool          // Send starts the outlet
	isClosed   bool
}

// maxSenders is the number of calls that an outlet makes at the same time, so that a slow next component does not make spans collect.
const maxSenders = 10

// NewOutlet returns an outlet. decide decides the spans of a release, and returns how many are left. send passes them on, unless its context
// has ended. It is called concurrently.
func (s *Store) NewOutlet(decide func(*Release) (kept int), send func(context.Context, *Release)) *Outlet {
	o := &Outlet{store: s, decide: decide, send: send}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	return o
}

// State reports whether the outlet is closed, and whether the next component takes released spans so slowly that more of them have collected
// than may wait. No spans are to be held then: the senders of the pipeline must feel it.
func (o *Outlet) State() (isClosed, isFull bool) {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	return o.isClosed, o.leaving > o.store.cfg.MaxSpans
}

// add adds a chunk of a trace to what is to be decided, and returns the release that it is part of. The caller holds the lock of the store.
func (o *Outlet) add(c *chunk, settled tracememory.Known) *Release {
	n := c.spans.Len()
	r := c.origin.last
	if r == nil || r.spans+n > maxReleaseSpans {
		r = &Release{Client: c.origin.client, Settled: map[pcommon.TraceID]tracememory.Known{}, origin: c.origin}
		c.origin.last = r
		o.released = append(o.released, r)
	}
	r.add(c, settled)
	o.leaving += n
	return r
}

// start has goroutines decide what is released, and send what is decided. The caller holds the lock of the store.
func (o *Outlet) start() {
	o.isDue = false
	if o.isIdle() {
		o.idle = make(chan struct{})
	}
	if len(o.released) > 0 && !o.isDeciding {
		o.isDeciding = true
		go o.decideAll()
	}
	for range min(len(o.decided), maxSenders-o.senders) { // those that run may be blocked
		o.senders++
		go o.sendAll()
	}
}

func (o *Outlet) isIdle() bool { return !o.isDeciding && o.senders == 0 }

// decideAll decides what is released, until nothing is.
func (o *Outlet) decideAll() {
	for r := o.nextReleased(); r != nil; r = o.nextReleased() {
		o.decideOne(r)
	}
}

func (o *Outlet) decideOne(r *Release) {
	if o.decide(r) == 0 {
		o.done(r)
		return
	}
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	o.decided = append(o.decided, r)
	o.start()
}

// sendAll sends what is decided, until nothing is.
func (o *Outlet) sendAll() {
	for r := o.nextDecided(); r != nil; r = o.nextDecided() {
		o.sendOne(r)
	}
}

func (o *Outlet) sendOne(r *Release) {
	defer o.done(r)
	o.send(client.NewContext(o.ctx, r.Client), r)
}

// nextReleased takes what is to be decided next. It returns nil if there is nothing, and decideAll ends.
func (o *Outlet) nextReleased() *Release {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	r := o.released.take()
	if r == nil {
		o.isDeciding = false
		o.ended()
	}
	return r
}

// nextDecided takes what is to be sent next. It returns nil if there is nothing, and sendAll ends.
func (o *Outlet) nextDecided() *Release {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	r := o.decided.take()
	if r == nil {
		o.senders--
		o.ended()
	}
	return r
}

func (o *Outlet) ended() {
	if o.isIdle() {
		close(o.idle)
	}
}

// done notes that spans have been sent, or dropped.
func (o *Outlet) done(r *Release) {
	o.store.leaving.Add(-int64(r.spans))
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	o.leaving -= r.spans
	o.origins.left(r.origin, r.spans)
	for _, receipt := range r.receipts {
		receipt.sent()
	}
}

// Close releases all spans that came by the outlet, and waits until they have been sent. When ctx ends, those that have not been passed on are
// counted as undelivered by send, and calls that have not returned are no longer waited for.
func (o *Outlet) Close(ctx context.Context) {
	defer o.cancel()
	idle := o.releaseAll()
	select {
	case <-idle:
		return
	case <-ctx.Done():
	}
	o.cancel()
	for r := o.take(&o.released); r != nil; r = o.take(&o.released) {
		o.decideOne(r)
	}
	for r := o.take(&o.decided); r != nil; r = o.take(&o.decided) {
		o.sendOne(r)
	}
}

func (o *Outlet) take(q *queue) *Release {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	return q.take()
}

// releaseAll releases all waiting spans, and returns a channel that is closed when they have been sent.
func (o *Outlet) releaseAll() (sent <-chan struct{}) {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	o.isClosed = true
	o.store.releaseAll(o)
	o.start()
	if o.isIdle() {
		close(o.idle)
	}
	return o.idle
}
