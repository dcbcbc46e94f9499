// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"sync"
	"time"

	"go.uber.org/zap"
)

// forgottenEvery is the least time between two warnings of forgotten traces: while too many are active, every batch makes some forgotten.
const forgottenEvery = 10 * time.Minute

// forgottenTraces warns of traces that are forgotten before their time.
type forgottenTraces struct {
	logger *zap.Logger
	most   int // traces that are remembered
	mu     sync.Mutex
	warned time.Time // last; zero means never
	traces int       // forgotten since
}

func (f *forgottenTraces) add(traces int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.traces += traces
	if now := time.Now(); f.warned.IsZero() || now.Sub(f.warned) >= forgottenEvery {
		f.logger.Warn("traces are forgotten while they are active, so that they may be cut: raise tracing::trace_memory::max_traces",
			zap.Int("traces", f.traces), zap.Int("max_traces", f.most))
		f.warned, f.traces = now, 0
	}
}
