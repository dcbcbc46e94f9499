// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/processor"
)

// runtimes are the runtimes of a factory, one per configuration (C2). The collector makes an instance of a processor for
// each pipeline that names it; pool, cache and server are theirs together.
type runtimes struct {
	mu    sync.Mutex
	inUse map[*Config]*shared
}

func newRuntimes() *runtimes { return &runtimes{inUse: map[*Config]*shared{}} }

// shared is a runtime with the instances that hold it.
type shared struct {
	runtime *runtime

	mu       sync.Mutex
	leases   int
	started  bool
	startErr error
}

// lease is one instance's hold on a runtime.
type lease struct {
	*shared
	all      *runtimes
	cfg      *Config
	released sync.Once
}

// acquire returns a lease on the runtime of a configuration, which is made for the first.
func (rs *runtimes) acquire(set processor.Settings, cfg *Config) (*lease, error) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	s, ok := rs.inUse[cfg]
	if !ok {
		rt, err := newRuntime(set, cfg)
		if err != nil {
			return nil, err
		}
		s = &shared{runtime: rt}
		rs.inUse[cfg] = s
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leases++
	return &lease{shared: s, all: rs, cfg: cfg}, nil
}

// start starts the runtime with the first instance that starts. A failure is every instance's.
func (l *lease) start(ctx context.Context, host component.Host) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runtime.health.addHost(host)
	if !l.started {
		l.started = true
		l.startErr = l.runtime.start(ctx, host)
	}
	return l.startErr
}

// shutdown gives the lease back, once however often it is called; the last one stops the runtime within ctx (C3).
func (l *lease) shutdown(ctx context.Context) (err error) {
	l.released.Do(func() {
		l.all.mu.Lock()
		l.mu.Lock()
		l.leases--
		last := l.leases == 0
		if last {
			delete(l.all.inUse, l.cfg)
		}
		l.mu.Unlock()
		l.all.mu.Unlock()
		if last {
			err = l.runtime.shutdown(ctx)
		}
	})
	return err
}
