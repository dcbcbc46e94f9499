// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// pausable is a query that is paused for a while if the server refuses it. Other queries go on.
type pausable struct {
	Query
	cooldown  time.Duration
	logger    *zap.Logger
	onIgnored func(why problems.Kind, names int)
	isRetried bool          // without keys, while it is refused
	scheduled chan struct{} // a retry has been scheduled

	mu            sync.Mutex
	until         time.Time // end of the pause
	refused       bool
	hasBadKeys    bool
	hasUnreadable bool
	hasTooLong    bool
	lacksColumn   bool
	refusals      refusalState
}

// isPaused reports whether the query must not be sent now.
func (l *pausable) isPaused(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Before(l.until)
}

// schemaIsEarlier reports whether the schema is of an earlier version, which has no keys of this kind.
func (l *pausable) schemaIsEarlier() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lacksColumn
}

// pause pauses the query because the server refuses a request, and logs it once.
func (l *pausable) pause(now time.Time, r *request, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = now.Add(l.cooldown)
	lacked := l.lacksColumn
	l.lacksColumn = l.MayLackColumn && sqlState(err) == undefinedColumn
	l.noteRefusal(now, r, err)
	if l.refused && l.lacksColumn == lacked { // else the reason is another one, which matters
		return
	}
	l.refused = true
	if l.lacksColumn {
		l.logger.Info("the schema predates this column; its keys count as unknown")
		return
	}
	l.logger.Warn("Postgres refuses the lookup; its keys are unavailable, other lookups are not affected",
		zap.Error(l.origin.explain(plainError(err), sqlState(err))), zap.Float64("retry_every_seconds", l.cooldown.Seconds()))
}

// badKey notes that the query fails on a well-formed key, and logs it once. The key is not logged, since it comes from telemetry.
func (l *pausable) badKey(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hasBadKeys {
		return
	}
	l.hasBadKeys = true
	state := sqlState(err)
	message := "the query fails on some of the keys in telemetry, which costs more round trips to isolate them; " +
		"write the query so that it ignores them"
	if isEncodingError(state) {
		message = "some of the keys in telemetry, or their rows, cannot be converted between the encoding of the database and " +
			"client_encoding; they count as unknown, and it costs more round trips to isolate them"
	}
	l.logger.Warn(message, zap.String("sqlstate", state))
}

// unreadable notes a row with a key or namespace that is not valid UTF-8, and logs the first one, without the text.
func (l *pausable) unreadable() {
	l.ignored(problems.UnreadableNames, &l.hasUnreadable, "the query returns a key or a namespace that is not valid UTF-8, so that the key counts as unknown; "+
		"further ones are only counted")
}

// tooLong notes a row whose namespace has so many bytes, or more if the query cuts it, and logs the first one, without the name.
func (l *pausable) tooLong(bytes int) {
	l.ignored(problems.LongNames, &l.hasTooLong,
		"the query returns a namespace that is too long, so that the key counts as unknown; further ones are only counted",
		zap.Int("at_least_bytes", bytes), zap.Int("max_bytes", rate.MaxNameBytes))
}

// ignored counts a row that is ignored, and logs the first one for a reason.
func (l *pausable) ignored(why problems.Kind, isLogged *bool, message string, fields ...zap.Field) {
	l.onIgnored(why, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !*isLogged {
		*isLogged = true
		l.logger.Warn(message, fields...)
	}
}

// succeeded notes that the query took part in a successful load, unless it was refused since the load began.
func (l *pausable) succeeded(r *request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case r.refusals != l.refusals.n:
	case len(r.texts) == 0:
		l.succeededWithoutKeys()
	default:
		l.refusals = refusalState{n: l.refusals.n}
		l.resume()
	}
}

// resume logs once that the query is no longer refused. The caller holds the mutex.
func (l *pausable) resume() {
	if l.refused {
		l.refused, l.lacksColumn = false, false
		l.logger.Info("the lookup works again")
	}
}
