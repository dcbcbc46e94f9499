// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"sync"
	"time"
)

// freshFor is how long a rendered answer is reused.
const freshFor = time.Second

// throttle renders an answer at most once in freshFor, however many clients ask for it. Clients that ask while it is being
// rendered wait. If the client for whom it is rendered goes away, it is rendered for the next one.
type throttle struct {
	now    func() time.Time
	render func(context.Context) (*document, error)

	mu         sync.Mutex
	renderedAt time.Time
	body       *document
	err        error
}

func newThrottle(now func() time.Time, render func(context.Context) (*document, error)) *throttle {
	return &throttle{now: now, render: render}
}

func (t *throttle) get(ctx context.Context) (*document, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if age := t.now().Sub(t.renderedAt); age < freshFor && age >= 0 { // the clock may be set back
		return t.body, t.err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	body, err := t.render(ctx)
	if ctx.Err() == nil {
		t.body, t.err = body, err
		t.renderedAt = t.now() // the end of rendering, so that clients that waited take this answer
	}
	return body, err
}

// latest is an answer that is rendered again only if it has changed, so that all who ask share its memory.
type latest struct {
	mu      sync.Mutex
	version any // nil before the first
	body    *document
	err     error
}

func (l *latest) get(version any, render func() (*document, error)) (*document, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if version != l.version {
		l.body, l.err = render()
		l.version = version
	}
	return l.body, l.err
}
