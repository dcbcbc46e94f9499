// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// maxChangesLogged bounds the lines of one replacement; a table of overrides can be filled by a script.
const maxChangesLogged = 100

// logChanges says once of each override that came, changed, went or ended what it was, who did it, and why.
func logChanges(logger *zap.Logger, before, after *tables, now time.Time) {
	old := map[overrideID]*override{}
	for i := range before.overrides {
		old[before.overrides[i].id()] = &before.overrides[i]
	}
	changes := 0
	say := func(message string, o *override, more ...zap.Field) {
		if changes++; changes <= maxChangesLogged {
			logger.Info(message, append(describe(o, before, after), more...)...)
		}
	}
	for i := range after.overrides {
		o := &after.overrides[i]
		was, ok := old[o.id()]
		delete(old, o.id())
		switch {
		case !ok:
			say("an override is in force", o)
		case !isEqual(was, o):
			say("an override has changed", o, untilBefore(was, o)...)
		}
	}
	for i := range before.overrides {
		o := &before.overrides[i]
		switch _, gone := old[o.id()]; {
		case !gone:
		case o.IsOver(now):
			say("an override has ended", o)
		default:
			say("an override was removed", o)
		}
	}
	if more := changes - maxChangesLogged; more > 0 {
		logger.Info("more overrides have changed", zap.Int("overrides", more))
	}
}

func isEqual(a, b *override) bool {
	return a.Probability == b.Probability && a.Until.Equal(b.Until) && a.reason == b.reason && a.updatedBy == b.updatedBy
}

// untilBefore returns when an override was to end, where that has changed.
func untilBefore(was, is *override) []zap.Field {
	switch {
	case was.Until.Equal(is.Until):
		return nil
	case was.Until.IsZero():
		return []zap.Field{zap.String("until_before", "never")}
	}
	return []zap.Field{zap.Time("until_before", was.Until.UTC())}
}

// describe returns the fields of a change: the rates of what the override names, as they were and are.
func describe(o *override, before, after *tables) []zap.Field {
	fields := []zap.Field{
		zap.String("namespace", namespace.Shown(o.Key)),
		zap.String("signal", string(o.signal)),
		zap.String("source", string(o.source)),
		zap.String("from", before.ratesOf(o)),
		zap.String("to", after.ratesOf(o)),
	}
	if !o.Until.IsZero() {
		fields = append(fields, zap.Time("until", o.Until.UTC()))
	}
	if o.reason != "" {
		fields = append(fields, zap.String("reason", o.reason))
	}
	if o.updatedBy != "" {
		fields = append(fields, zap.String("updated_by", o.updatedBy))
	}
	return fields
}

// ratesOf returns the rates of the signals of an override, for the namespace or the pattern that it names.
func (t *tables) ratesOf(o *override) string {
	traces, metrics := t.spans.Lookup(o.Key).Probability, t.points.Lookup(o.Key).Probability
	switch {
	case o.signal == signalTraces || traces == metrics && o.signal == signalAll:
		return fmt.Sprint(traces)
	case o.signal == signalMetrics:
		return fmt.Sprint(metrics)
	}
	return fmt.Sprintf("%v (metrics %v)", traces, metrics)
}
