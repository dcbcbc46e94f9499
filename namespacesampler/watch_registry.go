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
	health            *health
	logger            *zap.Logger

	mu     sync.Mutex
	names  []string
	readAt time.Time       // of the last good read
	err    error           // of the last read
	warned map[string]bool // of the overrides that are in force

	lookups lookups
}

// run reads the registry, again after each interval.
func (w *registryWatch) run(ctx context.Context, db *postgres.DB) {
	repeat(ctx, w.interval, nil, func() { w.read(ctx, db) })
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
	w.warn()
}

// failed notes why the registry could not be read. It says so only where that is not an outage, which lookups tell of.
func (w *registryWatch) failed(err error) {
	w.health.heard(outage(err))
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
	w.health.heard(nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	changed := !slices.Equal(w.names, names)
	w.names, w.readAt, w.err = names, time.Now(), nil
	return changed
}

// warn says once of each override that names, or matches, no registered namespace: most likely it is misspelt. Where none is registered
// at all, that says nothing. It is called when either has changed.
func (w *registryWatch) warn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.names) == 0 {
		return
	}
	warned := map[string]bool{}
	for _, o := range w.rates.inForce().overrides {
		if warned[o.Key] {
			continue
		}
		if w.warned[o.Key] { // and not again, as long as it is there
			warned[o.Key] = true
			continue
		}
		if w.isOfRegistered(o.Key) {
			continue
		}
		warned[o.Key] = true
		w.logger.Warn("an override names no registered namespace", w.describe(&o)...)
	}
	w.warned = warned
}

// isOfRegistered reports whether the key of an override is a registered name, or a pattern of one.
func (w *registryWatch) isOfRegistered(key string) bool {
	if _, ok := slices.BinarySearch(w.names, key); ok {
		return true
	}
	return rate.IsPattern(key) && slices.ContainsFunc(w.names, func(name string) bool { return rate.Matches(key, name) })
}

func (w *registryWatch) describe(o *override) []zap.Field {
	fields := []zap.Field{
		zap.String("namespace", namespace.Shown(o.Key)), zap.String("signal", string(o.signal)), zap.String("source", string(o.source)),
	}
	if o.updatedBy != "" {
		fields = append(fields, zap.String("updated_by", o.updatedBy))
	}
	if near, ok := nearest(o.Key, w.names); ok && !rate.IsPattern(o.Key) {
		fields = append(fields, zap.String("did_you_mean", namespace.Shown(near)))
	}
	return fields
}

// onGlobalRate returns how many registered namespaces no override of spans matches, and none of data points.
func (w *registryWatch) onGlobalRate() (spans, points int64) {
	w.mu.Lock()
	names := w.names
	w.mu.Unlock()
	for _, pair := range w.lookups.all(w.rates.inForce(), names) {
		if pair.spans.Rule == rate.Global {
			spans++
		}
		if pair.points.Rule == rate.Global {
			points++
		}
	}
	return spans, points
}
