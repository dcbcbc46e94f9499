// SPDX-License-Identifier: Apache-2.0

package allowance

import (
	"sync"

	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
)

// Meter counts the items of a namespace with a budget. It is safe for concurrent use.
type Meter struct {
	mu    sync.Mutex
	count Count
	idle  int // intervals in a row in which nothing arrived
}

// Count is what was metered.
type Count struct {
	Arrivals budget.Arrivals
	Kept     int64
}

// Add adds what a batch has counted.
func (m *Meter) Add(c *Count) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count.Arrivals.Merge(c.Arrivals)
	m.count.Kept += c.Kept
}

// take returns what was counted since the last call, and for how many calls that has been nothing.
func (m *Meter) take() (c Count, idle int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, m.count = m.count, Count{}
	if m.idle++; len(c.Arrivals) > 0 {
		m.idle = 0
	}
	return c, m.idle
}
