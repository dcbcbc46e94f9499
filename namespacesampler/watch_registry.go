// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// registryWatch knows the namespaces that are registered. They have a place in internal metrics, and show which overrides name none.
type registryWatch struct {
	from              postgres.Registry
	interval, timeout time.Duration
	rates             *rates
	labels            *labels
	logger            *zap.Logger

	mu     sync.Mutex
	names  []string
	readAt time.Time // of the last good read
	err    error     // of the last read
	warned map[string]bool
}

// run reads the registry, again after each interval.
func (w *registryWatch) run(ctx context.Context, db *postgres.DB) {
	for {
		w.read(ctx, db)
		if !pause(ctx, w.interval, nil) {
			return
		}
	}
}

func (w *registryWatch) read(ctx context.Context, db *postgres.DB) {
	bounded, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	names, err := db.Registered(bounded, w.from)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		w.failed(err)
		return
	}
	if w.succeeded(names) && w.labels.reserve(names, maxRegistered) {
		w.rates.renew(func() {}) // walks remember the labels that names had with the tables
	}
}

// failed notes why the registry could not be read. It says so only where that is not an outage, which lookups tell of.
func (w *registryWatch) failed(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.err
	w.err = err
	if refusal(err) != "" && (before == nil || refusal(before) != refusal(err)) {
		w.logger.Warn("registered namespaces cannot be read", zap.Error(err), zap.Duration("retry_every", w.interval))
	}
}

// succeeded notes a good read, and reports whether it is another than the last.
func (w *registryWatch) succeeded(names []string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed := !slices.Equal(w.names, names)
	w.names, w.readAt, w.err = names, time.Now(), nil
	if changed {
		w.warn()
	}
	return changed
}

// warn says once of each configured override of a name that no namespace is registered by it: most likely it is misspelt. Where none
// is registered at all, that says nothing.
func (w *registryWatch) warn() {
	if len(w.names) == 0 {
		return
	}
	if w.warned == nil {
		w.warned = map[string]bool{}
	}
	for _, o := range w.rates.inForce().overrides {
		if o.source == rate.RuntimeOverride || rate.IsPattern(o.Key) || w.warned[o.Key] {
			continue
		}
		if _, ok := slices.BinarySearch(w.names, o.Key); ok {
			continue
		}
		w.warned[o.Key] = true
		fields := []zap.Field{zap.String("namespace", namespace.Shown(o.Key)), zap.String("source", string(o.source))}
		if near, ok := nearest(o.Key, w.names); ok {
			fields = append(fields, zap.String("did_you_mean", namespace.Shown(near)))
		}
		w.logger.Warn("an override names no registered namespace", fields...)
	}
}

// onGlobalRate returns how many registered namespaces no override of a signal matches.
func (w *registryWatch) onGlobalRate(table *rate.Table) int64 {
	w.mu.Lock()
	names := w.names
	w.mu.Unlock()
	var n int64
	for _, name := range names {
		if table.Lookup(name).Rule == rate.Global {
			n++
		}
	}
	return n
}
