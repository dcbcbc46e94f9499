// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// seriesPrecision is that of the thresholds of series: all of the 14 digits, since they are stamped nowhere.
const seriesPrecision = 14

// clockCheck is how often the clock is looked at while there are overrides that end: a timer does not notice when the clock is set,
// or the machine slept.
const clockCheck = time.Second

// rates hold the tables that are in force, and replace them when an override comes, changes, goes or ends. Batches take them once, at
// their beginning: no batch waits for a replacement, nor the other way round.
type rates struct {
	cfg     *Config
	logger  *zap.Logger
	current atomic.Pointer[tables]

	mu      sync.Mutex // for those who replace the tables
	runtime []override // that were read last, also those that are over
	timer   *time.Timer
	stopped bool
}

// newRates returns the rates of a configuration.
func newRates(cfg *Config, logger *zap.Logger) (*rates, error) {
	r := &rates{cfg: cfg, logger: logger}
	t, err := r.build(time.Now())
	if err != nil {
		return nil, err
	}
	r.current.Store(t)
	return r, nil
}

// inForce returns the tables that are in force.
func (r *rates) inForce() *tables { return r.current.Load() }

// start has overrides end in time until stop.
func (r *rates) start() { r.renew(func() {}) }

// setRuntime replaces the runtime overrides. They must be valid, and at most one for a key and a signal.
func (r *rates) setRuntime(overrides []override) { r.renew(func() { r.runtime = overrides }) }

// renew replaces the tables after a change, and says what the change was.
func (r *rates) renew(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	change()
	r.replace(time.Now())
}

// tick replaces the tables when an override is over.
func (r *rates) tick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	now := time.Now()
	if end := r.inForce().end(); !end.IsZero() && !now.Before(end) {
		r.replace(now)
		return
	}
	r.arm(now)
}

func (r *rates) replace(now time.Time) {
	defer r.arm(now)
	before := r.inForce()
	after, err := r.build(now)
	if err != nil { // overrides are validated before
		r.logger.Error("rates cannot be replaced: those before stay in force", zap.Error(err))
		return
	}
	r.current.Store(after)
	logChanges(r.logger, before, after, now)
}

// arm sets the timer for the next override that ends.
func (r *rates) arm(now time.Time) {
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
	if end := r.inForce().end(); !end.IsZero() {
		r.timer = time.AfterFunc(min(end.Sub(now), clockCheck), r.tick)
	}
}

// stop ends what start began. The tables stay.
func (r *rates) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	if r.timer != nil {
		r.timer.Stop()
	}
}

// build makes the tables for a time.
func (r *rates) build(now time.Time) (*tables, error) {
	cfg := r.cfg
	shared, tracing, metrics := cfg.Namespaces.listed(), cfg.Tracing.Namespaces.listed(), cfg.Metrics.Namespaces.listed()
	runtime := bySignal(r.runtime)
	spans, err := rate.NewTable(rate.Spec{
		RuntimeSignal:   runtime[signalTraces],
		RuntimeShared:   runtime[signalAll],
		SignalOverrides: tracing,
		SharedOverrides: shared,
		SignalGlobal:    cfg.Tracing.SampleRate,
		Global:          cfg.SampleRate,
		Precision:       cfg.Tracing.SamplingPrecision,
		Now:             now,
	})
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	points, err := rate.NewTable(rate.Spec{
		RuntimeSignal:   runtime[signalMetrics],
		RuntimeShared:   runtime[signalAll],
		SignalOverrides: metrics,
		SharedOverrides: shared,
		SignalGlobal:    cfg.Metrics.Detailed.globalRate(),
		Global:          cfg.SampleRate,
		Precision:       seriesPrecision,
		Now:             now,
	})
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return &tables{spans: spans, points: points, overrides: stillInForce(append(cfg.overrides(), r.runtime...), now)}, nil
}

// overrides returns the configured overrides.
func (c *Config) overrides() []override {
	return slices.Concat(configured(signalAll, c.Namespaces.listed()), configured(signalTraces, c.Tracing.Namespaces.listed()),
		configured(signalMetrics, c.Metrics.Namespaces.listed()))
}

// over returns the keys of configured overrides that have ended, and can be removed.
func (r *rates) over(now time.Time) (keys []string) {
	for _, o := range r.cfg.overrides() {
		if o.IsOver(now) {
			keys = append(keys, namespace.Shown(o.Key))
		}
	}
	return keys
}

// globalRate returns the global rate of data points where it is not the one for all signals.
func (c *DetailedConfig) globalRate() *float64 {
	if c.Enabled {
		return c.SampleRate
	}
	return new(float64) // disabled: only overrides let anything through
}
