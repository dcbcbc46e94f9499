// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// RegistryConfig says where registered namespaces are read from.
type RegistryConfig struct {
	From     postgres.Registry
	Interval time.Duration
}

// RegistryWatch knows the registered namespaces.
type RegistryWatch struct {
	cfg        RegistryConfig
	timeout    time.Duration
	asked      func(error)
	registered func([]string)
	read       func() // called after each successful read
	logger     *zap.Logger

	onGlobalRate atomic.Pointer[onGlobalRate] // nil before it was counted

	mu     sync.Mutex
	state  RegistryState
	logged loggedFailure
}

// RegistryState is the result of reading the registered namespaces.
type RegistryState struct {
	Names  []string  // sorted; shared, must not be modified
	ReadAt time.Time // last successful read; zero means never
	Err    error     // of the last read; nil if it was successful
}

func newRegistryWatch(cfg *Config) *RegistryWatch {
	return &RegistryWatch{
		cfg: *cfg.Registry, timeout: cfg.QueryTimeout, asked: cfg.Asked, registered: cfg.Registered, read: func() {},
		logger: cfg.Logger,
	}
}

// State returns the result of the last read.
func (w *RegistryWatch) State() RegistryState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// OnGlobalRate returns how many registered namespaces no override matches, by signal, as counted in the background after the last
// change. It returns false before it was first counted.
func (w *RegistryWatch) OnGlobalRate() (counts map[rate.Signal]int64, ok bool) {
	counted := w.onGlobalRate.Load()
	if counted == nil {
		return nil, false
	}
	return *counted, true
}

func (w *RegistryWatch) run(ctx context.Context, db *postgres.DB) {
	poll(ctx, w.cfg.Interval, nil, func() bool {
		w.update(ctx, db)
		return true
	})
}

func (w *RegistryWatch) update(ctx context.Context, db *postgres.DB) {
	bounded, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	names, err := db.Registered(bounded, w.cfg.From)
	if ctx.Err() != nil {
		return
	}
	w.asked(outage(err))
	if err != nil {
		w.failed(err)
		return
	}
	if w.succeeded(names) {
		w.registered(names)
	}
	w.read()
}

// failed notes a failed read. Only refusals are logged, since lookups report outages.
func (w *RegistryWatch) failed(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state.Err = err
	if refusal(err) != "" && w.logged.isNews(err, false) {
		w.logger.Warn("registered namespaces cannot be read; overrides are compared with those that were read last", zap.Error(err),
			retryEvery(w.cfg.Interval))
	}
}

// succeeded notes a successful read and reports whether the names have changed.
func (w *RegistryWatch) succeeded(names []string) (changed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.logged.isOver() {
		w.logger.Info("registered namespaces can be read again")
	}
	changed = !slices.Equal(w.state.Names, names)
	w.state = RegistryState{Names: names, ReadAt: time.Now()}
	return changed
}
