// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
)

// steering is what Postgres says of rates, read behind the pipeline: the runtime overrides, and the namespaces that are registered.
type steering struct {
	overrides *overrideWatch // nil where they are not enabled
	registry  *registryWatch // nil where none is read

	cancel context.CancelFunc
	group  sync.WaitGroup
}

// newSteering returns the steering of a configuration. It does nothing before it is started.
func newSteering(rt *runtime) (*steering, error) {
	s := &steering{cancel: func() {}}
	if !rt.cfg.Postgres.HasValue() {
		return s, nil
	}
	cfg := rt.cfg.Postgres.Get()
	if cfg.Overrides.Enabled {
		table, err := postgres.ParseTable(cfg.Overrides.Table)
		if err != nil {
			return nil, err
		}
		s.overrides = &overrideWatch{
			cfg: cfg.Overrides, table: table, timeout: cfg.QueryTimeout, rates: rt.rates,
			missing: rt.cfg.Namespace.MissingValues, created: time.Now(), health: rt.health, applied: func() {},
			logger: rt.logger.With(zap.String("table", cfg.Overrides.Table)),
		}
	}
	if from, ok := cfg.registry(); ok {
		s.registry = &registryWatch{
			from: from, interval: cfg.Registry.Interval, timeout: cfg.QueryTimeout, rates: rt.rates, labels: rt.labels,
			health: rt.health, logger: rt.logger,
		}
		if s.overrides != nil {
			s.overrides.applied = s.registry.warn
		}
	}
	return s, nil
}

// registry returns where the namespaces are registered, and false where that is not known or not wanted: what custom lookups read has
// no table of namespaces.
func (c *PostgresConfig) registry() (postgres.Registry, bool) {
	switch {
	case c.Registry.Interval == 0 || len(c.Lookups) > 0:
	case c.Layout == LayoutTasker:
		return postgres.TaskerRegistry, true
	case c.Layout == LayoutTaskerLegacy:
		return postgres.TaskerLegacyRegistry, true
	}
	return postgres.Registry{}, false
}

// start begins to read, again and again until stop.
func (s *steering) start(db *postgres.DB) {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	if w := s.overrides; w != nil {
		wake := make(chan struct{}, 1)
		s.group.Go(func() { w.run(ctx, db, wake) })
		s.group.Go(func() { w.listen(ctx, db, wake) })
	}
	if w := s.registry; w != nil {
		s.group.Go(func() { w.run(ctx, db) })
	}
}

// stop ends the reading, and waits for it no longer than ctx.
func (s *steering) stop(ctx context.Context) error {
	s.cancel()
	ended := make(chan struct{})
	go func() {
		s.group.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// gather is how long what wakes a reader waits for more of it: many small changes are one.
const gather = 50 * time.Millisecond

// repeat reads until ctx ends: now, after each interval, and when woken, once for all that comes within a moment.
func repeat(ctx context.Context, interval time.Duration, wake <-chan struct{}, read func()) {
	for {
		read()
		woken, ok := pause(ctx, interval, wake)
		if woken && ok {
			_, ok = pause(ctx, gather, nil)
			select {
			case <-wake: // it was gathered
			default:
			}
		}
		if !ok {
			return
		}
	}
}

// pause waits for a time, or until it is woken; it reports whether it was, and whether ctx goes on.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) (woken, ok bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false, false
	case <-wake:
		woken = true
	case <-timer.C:
	}
	return woken, ctx.Err() == nil
}
