// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/spelling"
)

// RegistryConfig says where registered namespaces are read from.
type RegistryConfig struct {
	From     postgres.Registry
	Interval time.Duration
}

// RegistryWatch knows the registered namespaces and warns of overrides that match none of them.
type RegistryWatch struct {
	cfg        RegistryConfig
	timeout    time.Duration
	rates      *Rates
	asked      func(error)
	registered func([]string)
	logger     *zap.Logger
	matches    Matches

	mu     sync.Mutex
	state  RegistryState
	warned map[string]bool // keys of overrides in force that were warned of
}

// RegistryState is the result of reading the registered namespaces.
type RegistryState struct {
	Names  []string  // sorted; shared, must not be modified
	ReadAt time.Time // last successful read; zero means never
	Err    error     // of the last read; nil if it was successful
}

func newRegistryWatch(cfg *Config, rates *Rates) *RegistryWatch {
	return &RegistryWatch{
		cfg: *cfg.Registry, timeout: cfg.QueryTimeout, rates: rates, asked: cfg.Asked, registered: cfg.Registered, logger: cfg.Logger,
	}
}

// State returns the result of the last read.
func (w *RegistryWatch) State() RegistryState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// OnGlobalRate returns how many registered namespaces no override matches, by signal. It returns false before the first
// successful read.
func (w *RegistryWatch) OnGlobalRate() (traces, metrics int64, ok bool) {
	state := w.State()
	for _, pair := range w.matches.Of(w.rates.InForce(), state.Names) {
		if pair.Traces.Rule == rate.Global {
			traces++
		}
		if pair.Metrics.Rule == rate.Global {
			metrics++
		}
	}
	return traces, metrics, !state.ReadAt.IsZero()
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
	w.warn()
}

// failed notes a failed read. Only refusals are logged, since lookups report outages.
func (w *RegistryWatch) failed(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.state.Err
	w.state.Err = err
	if refusal(err) != "" && (before == nil || refusal(before) != refusal(err)) {
		w.logger.Warn("registered namespaces cannot be read", zap.Error(err), zap.Duration("retry_every", w.cfg.Interval))
	}
}

// succeeded notes a successful read and reports whether the names have changed.
func (w *RegistryWatch) succeeded(names []string) (changed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed = !slices.Equal(w.state.Names, names)
	w.state = RegistryState{Names: names, ReadAt: time.Now()}
	return changed
}

// warn logs each override that matches no registered namespace, once while the override is in force: it is probably misspelt. It
// is called when overrides or registered namespaces were read. If no namespace is registered, there is nothing to compare with.
func (w *RegistryWatch) warn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.state.Names) == 0 {
		return
	}
	warned := map[string]bool{}
	overrides := w.rates.InForce().Overrides
	for i := range overrides {
		o := &overrides[i]
		switch {
		case warned[o.Key]:
		case w.warned[o.Key]:
			warned[o.Key] = true
		case !w.isRegistered(o.Key):
			warned[o.Key] = true
			w.logger.Warn("an override names no registered namespace", w.describe(o)...)
		}
	}
	w.warned = warned
}

// isRegistered reports whether the key of an override is a registered name, a pattern that matches one, or the empty name, which is
// for items without a namespace.
func (w *RegistryWatch) isRegistered(key string) bool {
	if key == "" {
		return true
	}
	if _, ok := slices.BinarySearch(w.state.Names, key); ok {
		return true
	}
	return rate.IsPattern(key) && slices.ContainsFunc(w.state.Names, func(name string) bool { return rate.Matches(key, name) })
}

func (w *RegistryWatch) describe(o *rate.Override) []zap.Field {
	fields := []zap.Field{
		zap.String("namespace", namespace.Shown(o.Key)), zap.String("signal", string(o.Signal)), zap.String("source", string(o.Source)),
	}
	if o.UpdatedBy != "" {
		fields = append(fields, zap.String("updated_by", o.UpdatedBy))
	}
	if near, ok := spelling.Nearest(o.Key, w.state.Names); ok && !rate.IsPattern(o.Key) {
		fields = append(fields, zap.String("did_you_mean", namespace.Shown(near)))
	}
	return fields
}
