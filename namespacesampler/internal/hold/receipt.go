// SPDX-License-Identifier: Apache-2.0

package hold

import "context"

// Receipt tells when the spans have been sent that a batch has had released to its own pipeline.
type Receipt struct {
	outlet *Outlet
	// The lock of the store guards left.
	left int // chunks that have not been sent, and 1 until Wait
	done chan struct{}
}

// NewReceipt returns a receipt for the spans of an outlet.
func (o *Outlet) NewReceipt() *Receipt {
	return &Receipt{outlet: o, left: 1, done: make(chan struct{})}
}

// Wait waits until the spans have been sent, ctx ends, or the outlet has been closed. A batch that releases many spans takes that long, so that
// its sender feels it. It is called once.
func (r *Receipt) Wait(ctx context.Context) {
	r.outlet.store.mu.Lock()
	r.sent()
	r.outlet.store.mu.Unlock()
	select {
	case <-r.done:
	case <-ctx.Done():
	case <-r.outlet.ctx.Done():
	}
}

func (r *Receipt) sent() {
	if r.left--; r.left == 0 {
		close(r.done)
	}
}
