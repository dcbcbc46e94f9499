// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// seriesPrecision is that of the thresholds of series: all of the 14 digits, since they are stamped nowhere.
const seriesPrecision = 14

// tables are the rates of both signals at a time. They are immutable; those that follow them are others.
type tables struct {
	spans, points *rate.Table
}

// names returns the namespaces that overrides name.
func (t *tables) names() []string { return append(t.spans.Names(), t.points.Names()...) }

// ends returns when those overrides end that do.
func (t *tables) ends() map[string]time.Time {
	ends := map[string]time.Time{}
	for _, table := range [...]*rate.Table{t.spans, t.points} {
		for key, m := range table.Listed() {
			if !m.ExpiresAt.IsZero() {
				ends[key] = m.ExpiresAt
			}
		}
	}
	return ends
}

// rates hold the tables that are in force. Batches take them once, at their beginning; nothing that replaces them waits for a batch,
// or has one wait.
type rates struct {
	cfg     *Config
	current atomic.Pointer[tables]
}

// newRates returns the rates of a configuration at a time.
func newRates(cfg *Config, now time.Time) (*rates, error) {
	r := &rates{cfg: cfg}
	t, err := r.build(now)
	if err != nil {
		return nil, err
	}
	r.current.Store(t)
	return r, nil
}

// inForce returns the tables that are in force.
func (r *rates) inForce() *tables { return r.current.Load() }

// build makes the tables for a time.
func (r *rates) build(now time.Time) (*tables, error) {
	cfg := r.cfg
	spans, err := rate.NewTable(rate.Spec{
		SignalOverrides: cfg.Tracing.Namespaces.listed(),
		SharedOverrides: cfg.Namespaces.listed(),
		SignalGlobal:    cfg.Tracing.SampleRate,
		Global:          cfg.SampleRate,
		Precision:       cfg.Tracing.SamplingPrecision,
		Now:             now,
	})
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	points, err := rate.NewTable(rate.Spec{
		SignalOverrides: cfg.Metrics.Namespaces.listed(),
		SharedOverrides: cfg.Namespaces.listed(),
		SignalGlobal:    cfg.Metrics.Detailed.globalRate(),
		Global:          cfg.SampleRate,
		Precision:       seriesPrecision,
		Now:             now,
	})
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return &tables{spans: spans, points: points}, nil
}

// globalRate returns the global rate of data points where it is not the one for all signals.
func (c *DetailedConfig) globalRate() *float64 {
	if c.Enabled {
		return c.SampleRate
	}
	return new(float64) // disabled: only overrides let anything through
}
