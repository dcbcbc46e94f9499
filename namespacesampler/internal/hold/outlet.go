// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"context"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// Outlet sends the released spans of a pipeline. It is safe for concurrent use. Spans are sent asynchronously, so that no pipeline waits for the
// next component of another.
type Outlet struct {
	store *Store
	send  func(context.Context, *Release)
	// ctx ends when Close has no more time.
	ctx    context.Context
	cancel context.CancelFunc

	// The lock of the store guards these.
	origins  origins
	released []*Release    // to be sent, in order
	leaving  int           // spans that are released and have not been sent yet
	senders  int           // goroutines that send
	idle     chan struct{} // closed when the last of them ends
	isDue    bool          // Send starts to send
	isClosed bool
}

// maxSenders is the number of calls that an outlet makes at the same time, so that a slow next component does not make spans collect.
const maxSenders = 10

// NewOutlet returns an outlet. send decides the spans of a release and passes on those that are kept, unless its context has ended. It is
// called concurrently.
func (s *Store) NewOutlet(send func(context.Context, *Release)) *Outlet {
	o := &Outlet{store: s, send: send}
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

// add adds a chunk of a trace to what is to be sent, and returns the release that it is part of. The caller holds the lock of the store.
func (o *Outlet) add(c *chunk, settled *tracememory.Trace) *Release {
	n := c.spans.Len()
	r := c.origin.last
	if r == nil || r.spans+n > maxReleaseSpans {
		r = &Release{Client: c.origin.client, Settled: map[pcommon.TraceID]*tracememory.Trace{}, origin: c.origin}
		c.origin.last = r
		o.released = append(o.released, r)
	}
	r.add(c, settled)
	o.leaving += n
	return r
}

// start has goroutines send what is released. The caller holds the lock of the store.
func (o *Outlet) start() {
	o.isDue = false
	for range min(len(o.released), maxSenders-o.senders) { // those that run may be blocked
		if o.senders == 0 {
			o.idle = make(chan struct{})
		}
		o.senders++
		go o.sendAll()
	}
}

// sendAll sends what is released, until nothing is.
func (o *Outlet) sendAll() {
	for !o.ends() {
		if r := o.next(); r != nil { // another goroutine may have taken it
			o.sendOne(r)
		}
	}
}

func (o *Outlet) sendOne(r *Release) {
	defer o.sent(r)
	o.send(client.NewContext(o.ctx, r.Client), r)
}

// next takes what is to be sent next, or returns nil.
func (o *Outlet) next() *Release {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	if len(o.released) == 0 {
		return nil
	}
	r := o.released[0]
	o.released[0] = nil
	if o.released = o.released[1:]; len(o.released) == 0 {
		o.released = nil
	}
	if r.origin.last == r {
		r.origin.last = nil
	}
	return r
}

// sent notes that spans have been sent.
func (o *Outlet) sent(r *Release) {
	o.store.leaving.Add(-int64(r.spans))
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	o.leaving -= r.spans
	o.origins.left(r.origin, r.spans)
	for _, receipt := range r.receipts {
		receipt.sent()
	}
}

// ends reports whether a goroutine ends because there is nothing to send.
func (o *Outlet) ends() bool {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	if len(o.released) > 0 {
		return false
	}
	if o.senders--; o.senders == 0 {
		close(o.idle)
	}
	return true
}

// Close releases all spans that came by the outlet, and waits until they have been sent. When ctx ends, those that have not been passed on are
// only decided, and calls that have not returned are no longer waited for.
func (o *Outlet) Close(ctx context.Context) {
	defer o.cancel()
	select {
	case <-o.releaseAll():
		return
	case <-ctx.Done():
	}
	o.cancel()
	for r := o.next(); r != nil; r = o.next() {
		o.sendOne(r)
	}
}

// releaseAll releases all waiting spans, and returns a channel that is closed when they have been sent.
func (o *Outlet) releaseAll() (sent <-chan struct{}) {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	o.isClosed = true
	o.store.releaseAll(o)
	o.start()
	if o.senders == 0 {
		done := make(chan struct{})
		close(done)
		return done
	}
	return o.idle
}
