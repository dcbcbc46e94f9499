// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/processor"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/engine"
)

// engines holds the engines in use, one for each configuration (C2). The collector creates an instance of the processor for every
// pipeline that names it; they share connections, cache and server.
type engines struct {
	mu    sync.Mutex
	inUse map[*Config]*shared
}

func newEngines() *engines { return &engines{inUse: map[*Config]*shared{}} }

// shared is an engine with the number of instances that use it.
type shared struct {
	engine *engine.Engine

	mu       sync.Mutex
	leases   int
	started  bool
	startErr error
}

// lease is the share of one instance in an engine.
type lease struct {
	*shared
	engines  *engines
	cfg      *Config
	released sync.Once
}

// acquire returns a lease of the engine of a configuration, and creates the engine for the first one.
func (e *engines) acquire(set processor.Settings, cfg *Config) (*lease, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, ok := e.inUse[cfg]
	if !ok {
		built, err := engine.New(set, cfg.build())
		if err != nil {
			return nil, err
		}
		s = &shared{engine: built}
		e.inUse[cfg] = s
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leases++
	return &lease{shared: s, engines: e, cfg: cfg}, nil
}

// start starts the engine with the first instance. Its error is returned to every instance.
func (l *lease) start(ctx context.Context, host component.Host) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.engine.AddHost(host)
	if !l.started {
		l.started = true
		l.startErr = l.engine.Start(ctx, host)
	}
	return l.startErr
}

// shutdown returns the lease. The last lease shuts the engine down within ctx (C3). Further calls do nothing.
func (l *lease) shutdown(ctx context.Context) error {
	l.released.Do(func() {
		l.engines.mu.Lock()
		l.mu.Lock()
		l.leases--
		last := l.leases == 0
		if last {
			delete(l.engines.inUse, l.cfg)
		}
		l.mu.Unlock()
		l.engines.mu.Unlock()
		if last {
			l.engine.Shutdown(ctx)
		}
	})
	return nil
}
