// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"context"

	"go.opentelemetry.io/collector/client"
)

// Outlet is the way out of a pipeline for spans that were held. It is safe for concurrent use.
type Outlet struct {
	store *Store
	send  func(context.Context, *Release)
	// ctx ends when Close has no more time.
	ctx    context.Context
	cancel context.CancelFunc

	origins origins

	// The lock of the store guards these.
	due      List          // spans to be delivered asynchronously
	isAwake  bool          // run is running, or about to
	asleep   chan struct{} // closed when isAwake becomes false
	isClosed bool
}

// NewOutlet returns an outlet. send decides the spans of a release and passes on those that are kept, unless its context has ended. It may
// be called concurrently.
func (s *Store) NewOutlet(send func(context.Context, *Release)) *Outlet {
	o := &Outlet{store: s, send: send}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	return o
}

// Deliver sends the spans of a list. It waits for the next component, so that a pipeline that lets many spans go takes in fewer.
func (o *Outlet) Deliver(l *List) {
	for r := l.next(); r != nil; r = l.next() {
		o.deliver(r)
	}
}

func (o *Outlet) deliver(r *Release) {
	defer o.store.leaving.Add(-int64(r.spans))
	o.send(client.NewContext(o.ctx, r.Client), r)
}

// wake has the spans delivered that are due. The caller holds the lock of the store.
func (o *Outlet) wake() {
	if !o.isAwake {
		o.isAwake, o.asleep = true, make(chan struct{})
		go o.run()
	}
}

// run delivers what is due, until nothing is.
func (o *Outlet) run() {
	for r := o.next(true); r != nil; r = o.next(true) {
		o.deliver(r)
	}
}

// next returns the next spans that are due, or nil. isRun is true if the caller is run, which ends then.
func (o *Outlet) next(isRun bool) *Release {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	r := o.due.next()
	if r == nil && isRun {
		o.isAwake = false
		close(o.asleep)
	}
	return r
}

// Close lets all spans go that came by the outlet, and waits until they have been delivered. When ctx ends, what is left is only decided, and
// a call that has not returned is no longer waited for. Spans that come later are not held.
func (o *Outlet) Close(ctx context.Context) {
	defer o.cancel()
	select {
	case <-o.leave():
		return
	case <-ctx.Done():
	}
	o.cancel()
	for r := o.next(false); r != nil; r = o.next(false) {
		o.deliver(r)
	}
}

// leave has all held spans delivered, and returns a channel that is closed when they are.
func (o *Outlet) leave() (done <-chan struct{}) {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	o.isClosed = true
	o.store.leave(o)
	o.wake()
	return o.asleep
}
