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
	if due := f.due(traces); due > 0 {
		f.logger.Warn("traces are forgotten while they are active, so that they may be cut: raise tracing::trace_memory::max_traces",
			zap.Int("traces", due), zap.Int("max_traces", f.most))
	}
}

// due returns the number of traces to warn of now; 0 if a warning must wait.
func (f *forgottenTraces) due(traces int) (due int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.traces += traces
	if now := time.Now(); f.warned.IsZero() || now.Sub(f.warned) >= forgottenEvery {
		due, f.warned, f.traces = f.traces, now, 0
	}
	return due
}
