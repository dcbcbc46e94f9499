// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"sync"
	"time"
)

// freshFor is how long a rendered answer is reused.
const freshFor = time.Second

// throttle renders an answer at most once in freshFor, however many clients ask for it. Clients that ask while it is being
// rendered wait.
type throttle struct {
	now    func() time.Time
	render func() ([]byte, error)

	mu         sync.Mutex
	renderedAt time.Time
	body       []byte
	err        error
}

func newThrottle(now func() time.Time, render func() ([]byte, error)) *throttle {
	return &throttle{now: now, render: render}
}

func (t *throttle) get() ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if age := t.now().Sub(t.renderedAt); age >= freshFor || age < 0 { // the clock may be set back
		t.body, t.err = t.render()
		t.renderedAt = t.now() // the end of rendering, so that clients that waited take this answer
	}
	return t.body, t.err
}
