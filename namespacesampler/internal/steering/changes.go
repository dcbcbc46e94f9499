// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// maxChangesLogged bounds the log lines of one replacement, since a script may fill the table of overrides.
const maxChangesLogged = 100

// changeMessages are the log lines of changes.
var changeMessages = map[ChangeKind]string{
	Added:   "an override is in force",
	Changed: "an override has changed",
	Ended:   "an override has ended",
	Removed: "an override was removed",
}

// logChanges logs each override that was added, changed or removed, or has expired, with its author and reason.
func logChanges(logger *zap.Logger, changes []difference, before, after *Tables) {
	for i := range changes[:min(len(changes), maxChangesLogged)] {
		c := &changes[i]
		fields := describe(c.override(), before, after)
		if c.kind == Changed {
			fields = append(fields, previousEnd(c.was, c.is)...)
		}
		logger.Info(changeMessages[c.kind], fields...)
	}
	if more := len(changes) - maxChangesLogged; more > 0 {
		logger.Info("more overrides have changed", zap.Int("overrides", more))
	}
}

// isSame reports whether two overrides are the same in every respect.
func isSame(a, b rate.Override) bool {
	return a.ID() == b.ID() && isEqual(&a, &b) && a.UpdatedAt.Equal(b.UpdatedAt)
}

// isEqual reports whether there is nothing to log about two overrides with the same identity.
func isEqual(a, b *rate.Override) bool {
	return a.Probability == b.Probability && a.ItemsPerSecond == b.ItemsPerSecond && a.Until.Equal(b.Until) && a.Reason == b.Reason && a.UpdatedBy == b.UpdatedBy
}

// previousEnd tells that the end of an override has changed, and when it was to end. One that was to end never has no such time.
func previousEnd(was, is *rate.Override) []zap.Field {
	switch {
	case was.Until.Equal(is.Until):
		return nil
	case was.Until.IsZero():
		return []zap.Field{zap.Bool("until_has_changed", true)}
	}
	return []zap.Field{zap.Bool("until_has_changed", true), zap.String("until_before", ShownTime(was.Until))}
}

// describe returns the fields of a change, among them the effective rates of the override's key before and after.
func describe(o *rate.Override, before, after *Tables) []zap.Field {
	fields := []zap.Field{
		zap.String("namespace", namespace.Shown(o.Key)),
		zap.String("signal", string(o.Signal)),
		zap.String("source", string(o.Source)),
	}
	fields = append(fields, effectiveRates(o, before, after)...)
	if !o.Until.IsZero() {
		fields = append(fields, zap.String("until", ShownTime(o.Until)))
	}
	if o.Reason != "" {
		fields = append(fields, zap.String("reason", o.Reason))
	}
	if o.UpdatedBy != "" {
		fields = append(fields, zap.String("updated_by", o.UpdatedBy))
	}
	return fields
}

// effectiveRates returns the rates of the key of an override before and after: one of each if all signals that the override is for have the same,
// else those of each signal.
func effectiveRates(o *rate.Override, before, after *Tables) (fields []zap.Field) {
	add := func(infix string, s rate.Signal) {
		fields = append(fields, RateField("from_"+infix, before.Of(s).Peek(o.Key)), RateField("to_"+infix, after.Of(s).Peek(o.Key)))
	}
	switch {
	case o.Signal != rate.All:
		add("", o.Signal)
	case before.isUniform(o.Key) && after.isUniform(o.Key):
		add("", rate.Traces)
	default:
		for _, s := range rate.Signals {
			add(string(s)+"_", s)
		}
	}
	return fields
}

// isUniform reports whether all signals have the same rate for a key.
func (t *Tables) isUniform(key string) bool {
	of := RateField("", t.Traces.Peek(key))
	return of.Equals(RateField("", t.Metrics.Peek(key))) && of.Equals(RateField("", t.Logs.Peek(key)))
}
