// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"fmt"
	"strings"

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
			fields = append(fields, previousUntil(c.was, c.is)...)
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

// previousUntil returns when an override was to expire, if that has changed.
func previousUntil(was, is *rate.Override) []zap.Field {
	switch {
	case was.Until.Equal(is.Until):
		return nil
	case was.Until.IsZero():
		return []zap.Field{zap.String("until_before", "never")}
	}
	return []zap.Field{zap.Time("until_before", was.Until.UTC())}
}

// describe returns the fields of a change, among them the effective rates of the override's key before and after.
func describe(o *rate.Override, before, after *Tables) []zap.Field {
	fields := []zap.Field{
		zap.String("namespace", namespace.Shown(o.Key)),
		zap.String("signal", string(o.Signal)),
		zap.String("source", string(o.Source)),
		zap.String("from", before.effective(o)),
		zap.String("to", after.effective(o)),
	}
	if !o.Until.IsZero() {
		fields = append(fields, zap.Time("until", o.Until.UTC()))
	}
	if o.Reason != "" {
		fields = append(fields, zap.String("reason", o.Reason))
	}
	if o.UpdatedBy != "" {
		fields = append(fields, zap.String("updated_by", o.UpdatedBy))
	}
	return fields
}

// effective returns the rates of the key of an override for the signals that the override applies to.
func (t *Tables) effective(o *rate.Override) string {
	if o.Signal != rate.All {
		return effectiveRate(t.Of(o.Signal), o.Key)
	}
	traces := effectiveRate(t.Traces, o.Key)
	var others []string
	for _, s := range []rate.Signal{rate.Metrics, rate.Logs} {
		if other := effectiveRate(t.Of(s), o.Key); other != traces {
			others = append(others, fmt.Sprintf("%s %s", s, other))
		}
	}
	if len(others) == 0 {
		return traces
	}
	return fmt.Sprintf("%s (%s)", traces, strings.Join(others, ", "))
}

// effectiveRate returns the rate of a key, or the budget that it follows from.
func effectiveRate(t *rate.Table, key string) string {
	m := t.Peek(key)
	if m.ItemsPerSecond > 0 {
		return fmt.Sprintf("%v items per second", m.ItemsPerSecond)
	}
	return fmt.Sprint(m.Probability)
}
