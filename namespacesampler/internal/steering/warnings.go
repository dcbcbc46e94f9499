// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"slices"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/spelling"
)

// maxWarningsLogged bounds the warnings of one pass, and with them the searches for the nearest name, which are costly.
const maxWarningsLogged = 20

// warnings tells of each override that matches no registered namespace, once while the override is in force: it is probably
// misspelt. If no namespace is registered, there is nothing to compare with.
//
// It works on a goroutine of its own and holds no lock, so that what it finds out delays neither overrides nor questions about them.
type warnings struct {
	rates    *Rates
	registry *RegistryWatch
	logger   *zap.Logger
	woken    chan struct{}
	nearest  func(ctx context.Context, name string, names []string) (string, bool)

	// What was judged by the last pass. Only run uses it.
	tables *Tables
	names  []string
	warned map[string]bool // by the key of an override: whether it was warned of
}

func newWarnings(rates *Rates, registry *RegistryWatch, logger *zap.Logger) *warnings {
	return &warnings{rates: rates, registry: registry, logger: logger, woken: make(chan struct{}, 1), nearest: spelling.Nearest}
}

// wake causes a pass. It is called when overrides or registered namespaces were read, and does not wait.
func (w *warnings) wake() {
	select {
	case w.woken <- struct{}{}:
	default: // a pass is pending already
	}
}

// run judges overrides when it is woken, until ctx ends.
func (w *warnings) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.woken:
			w.pass(ctx)
		}
	}
}

// pass judges the overrides in force that were not judged by the same names before. An override that was warned of is not judged again.
func (w *warnings) pass(ctx context.Context) {
	tables, names := w.rates.InForce(), w.registry.State().Names
	sameNames := slices.Equal(names, w.names)
	if len(names) == 0 || sameNames && tables == w.tables {
		return
	}
	warned := make(map[string]bool, len(tables.Overrides))
	var found []*rate.Override
	for i := range tables.Overrides {
		if ctx.Err() != nil {
			return
		}
		key := tables.Overrides[i].Key
		if _, ok := warned[key]; ok {
			continue
		}
		before, ok := w.warned[key]
		if ok && (before || sameNames) {
			warned[key] = before
			continue
		}
		warned[key] = !isRegistered(key, names)
		if warned[key] {
			found = append(found, &tables.Overrides[i])
		}
	}
	w.tables, w.names, w.warned = tables, names, warned
	w.log(ctx, found, names)
}

// isRegistered reports whether the key of an override is a registered name, a pattern that matches one, or the empty name, which is
// for items without a namespace. Names are sorted.
func isRegistered(key string, names []string) bool {
	if key == "" {
		return true
	}
	if _, ok := slices.BinarySearch(names, key); ok || !rate.IsPattern(key) {
		return ok
	}
	pattern := rate.Compile(key)
	return slices.ContainsFunc(names, func(name string) bool {
		_, ok := pattern.First(name)
		return ok
	})
}

// log logs overrides, each with the nearest of the registered names.
func (w *warnings) log(ctx context.Context, overrides []*rate.Override, names []string) {
	for _, o := range overrides[:min(len(overrides), maxWarningsLogged)] {
		fields := w.describe(ctx, o, names)
		if ctx.Err() != nil {
			return
		}
		w.logger.Warn("an override names no registered namespace", fields...)
	}
	if more := len(overrides) - maxWarningsLogged; more > 0 {
		w.logger.Warn("more overrides name no registered namespace", zap.Int("overrides", more))
	}
}

func (w *warnings) describe(ctx context.Context, o *rate.Override, names []string) []zap.Field {
	fields := []zap.Field{
		zap.String("namespace", namespace.Shown(o.Key)), zap.String("signal", string(o.Signal)), zap.String("source", string(o.Source)),
	}
	if o.UpdatedBy != "" {
		fields = append(fields, zap.String("updated_by", o.UpdatedBy))
	}
	if !rate.IsPattern(o.Key) {
		if near, ok := w.nearest(ctx, o.Key, names); ok {
			fields = append(fields, zap.String("did_you_mean", namespace.Shown(near)))
		}
	}
	return fields
}
