// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"sync"
	"time"
)

// freshFor is how long an answer is given to everybody who asks.
const freshFor = time.Second

// shared is an answer that is rendered at most once in freshFor, however many ask for it: those that ask meanwhile wait for it.
type shared struct {
	now    func() time.Time
	render func() ([]byte, error)

	mu   sync.Mutex
	at   time.Time
	body []byte
	err  error
}

func newShared(now func() time.Time, render func() ([]byte, error)) *shared {
	return &shared{now: now, render: render}
}

func (s *shared) get() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if age := s.now().Sub(s.at); age >= freshFor || age < 0 { // clocks may be set back
		s.body, s.err = s.render()
		s.at = s.now() // when it was there: those who waited take it, however long it took
	}
	return s.body, s.err
}
