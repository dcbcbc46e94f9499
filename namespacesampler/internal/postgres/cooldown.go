// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"sync"
	"time"

	"go.uber.org/zap"
)

// lookup is a query with its state: one that the server refuses rests for a while, and the others go on.
type lookup struct {
	Query
	cooldown time.Duration
	logger   *zap.Logger

	mu          sync.Mutex
	until       time.Time // the end of its rest
	refused     bool
	tookBadKey  bool
	lacksColumn bool
}

// rests reports whether the lookup is not to be asked now.
func (l *lookup) rests(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Before(l.until)
}

// schemaIsEarlier reports whether the schema is an earlier one, which has no keys of this kind.
func (l *lookup) schemaIsEarlier() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lacksColumn
}

// rest lets the lookup rest, and says so once.
func (l *lookup) rest(now time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = now.Add(l.cooldown)
	l.lacksColumn = l.MayLackColumn && sqlState(err) == undefinedColumn
	if l.refused {
		return
	}
	l.refused = true
	if l.lacksColumn {
		l.logger.Info("the database is of an earlier version that has no such keys: they count as unknown")
		return
	}
	l.logger.Warn("Postgres refuses the lookup: its keys are unavailable, other lookups go on; "+
		"check postgres::layout, postgres::lookups and the role's permissions",
		zap.Error(plainError(err)), zap.Duration("retry_every", l.cooldown))
}

// badKey notes that the query cannot take a key that is well-formed, and says so once. The key is not shown: it is
// telemetry's.
func (l *lookup) badKey(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tookBadKey {
		return
	}
	l.tookBadKey = true
	l.logger.Warn("the query cannot take some of the keys that telemetry carries: finding them costs more round trips; "+
		"let the query pass over them", zap.String("sqlstate", sqlState(err)))
}

// works notes that a load in which the lookup took part went well, unless the lookup was sent to rest in it.
func (l *lookup) works(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused && !now.Before(l.until) {
		l.refused, l.lacksColumn = false, false
		l.logger.Info("the lookup works again")
	}
}
