// SPDX-License-Identifier: Apache-2.0

// Package steering holds the sample rates in force and keeps them up to date: with the runtime overrides that it reads from
// Postgres, and with the expiry of overrides. It also reads the registered namespaces, to count those without an override and to warn of overrides that match none.
package steering

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
)

// Config configures steering.
type Config struct {
	Rates RatesConfig
	// Overrides is nil unless runtime overrides are enabled.
	Overrides *OverridesConfig
	// Registry is nil unless registered namespaces are read.
	Registry *RegistryConfig
	// Fleet is nil unless budgets are shared with other collectors.
	Fleet *FleetConfig
	// QueryTimeout bounds each read.
	QueryTimeout time.Duration
	// Asked is called after each read with nil, or with the reason why Postgres could not be asked.
	Asked func(error)
	// IsOutage reports whether an outage of Postgres is in the log that has not ended, so that what it causes need not be. It may be nil.
	IsOutage func() bool
	// Registered is called with the registered namespaces when they have changed. They are shared and must not be modified.
	Registered func(names []string)
	Logger     *zap.Logger
	// Limited is for what may be repeated often; nil means Logger.
	Limited *zap.Logger
}

func (c *Config) isOutage() bool { return c.IsOutage != nil && c.IsOutage() }

// Steering is the rates in force with the watches that change them. It does nothing before Start.
type Steering struct {
	Rates     *Rates
	Overrides *OverrideWatch // nil unless enabled
	Registry  *RegistryWatch // nil unless enabled
	Fleet     *FleetWatch    // nil unless enabled

	comparison *comparison // nil without Registry
	cancel     context.CancelFunc
	watches    sync.WaitGroup
}

// New returns the steering of a configuration. An error reports invalid rates.
func New(cfg Config) (*Steering, error) {
	rates, err := newRates(cfg.Rates, cfg.Logger)
	if err != nil {
		return nil, err
	}
	s := &Steering{Rates: rates, cancel: func() {}}
	if cfg.Registry != nil {
		s.Registry = newRegistryWatch(&cfg)
		s.comparison = newComparison(rates, s.Registry, cfg.Logger)
		s.Registry.read, rates.replaced = s.comparison.wake, s.comparison.wake
	}
	if cfg.Fleet != nil {
		s.Fleet = newFleetWatch(&cfg, rates)
	}
	if cfg.Overrides != nil {
		s.Overrides = newOverrideWatch(&cfg, rates)
		if s.comparison != nil {
			s.Overrides.skipped = s.comparison.wake
			s.comparison.skipped = func() []Rejected { return s.Overrides.State().Rejected }
		}
	}
	return s, nil
}

// Start makes overrides expire on time.
func (s *Steering) Start() { s.Rates.start() }

// Watch reads runtime overrides and registered namespaces from a database, in the background, until Stop.
func (s *Steering) Watch(db *postgres.DB) {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	if w := s.Overrides; w != nil {
		notified := make(chan struct{}, 1)
		s.watches.Go(func() { w.run(ctx, db, notified) })
		s.watches.Go(func() { w.listen(ctx, db, notified) })
	}
	if w := s.Fleet; w != nil {
		s.watches.Go(func() { w.run(ctx, db) })
	}
	if w := s.Registry; w != nil {
		s.watches.Go(func() { w.run(ctx, db) })
		s.watches.Go(func() { s.comparison.run(ctx) })
	}
}

// Stop ends expiry and watches, and waits for the watches until ctx ends. The tables stay in force.
func (s *Steering) Stop(ctx context.Context) error {
	s.Rates.stop()
	s.cancel()
	ended := make(chan struct{})
	go func() {
		s.watches.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
