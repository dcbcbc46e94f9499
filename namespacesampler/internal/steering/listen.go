// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
)

const (
	// minRetry and maxRetry bound the exponential backoff between attempts to listen.
	minRetry, maxRetry = 500 * time.Millisecond, 30 * time.Second
	// standbyRetry is the pause between attempts on a standby, which may be promoted.
	standbyRetry = time.Minute
	// listenCheck is how often a connection without notifications is checked.
	listenCheck = 10 * time.Second
)

// listen notifies run of changes to the table, until ctx ends or listening turns out not to work. The table is also read after
// each interval.
func (w *OverrideWatch) listen(ctx context.Context, db *postgres.DB, notified chan<- struct{}) {
	notify := func() {
		select {
		case notified <- struct{}{}:
		default: // a read is pending already
		}
	}
	interval := zap.Float64("interval_seconds", w.cfg.Interval.Seconds())
	logged := nothing
	retry := minRetry
	for {
		listening, inOutage := false, w.outage()
		err := db.Listen(ctx, postgres.Listening{
			Channel: w.cfg.Channel, Timeout: w.timeout, Check: listenCheck, Heard: notify,
			Began: func() {
				if logged != listens {
					w.logger.Info("listening for changes of runtime overrides", zap.String("channel", w.cfg.Channel))
				}
				listening, retry, logged = true, minRetry, listens
				notify() // of changes made before
			},
		})
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, postgres.ErrPooler):
			w.logger.Info("not listening for changes of runtime overrides; they apply after the interval", zap.Error(err), interval)
			return
		case errors.Is(err, postgres.ErrStandby):
			if logged != isStandby {
				logged = isStandby
				w.logger.Info("not listening for changes of runtime overrides until the server is promoted; they apply after the interval",
					zap.Error(err), interval)
			}
			retry = standbyRetry
		case listening:
			w.logger.Debug("the listening connection broke; changes of runtime overrides made meanwhile are read when it is restored", zap.Error(err))
		case logged != fails && !inOutage && !w.outage():
			logged = fails
			w.logger.Info("not listening for changes of runtime overrides; until that works, they apply after the interval",
				zap.Error(err), interval)
		case logged != fails:
			w.logger.Debug("not listening because of the outage", zap.Error(err))
		}
		if _, ok := sleep(ctx, retry, nil); !ok {
			return
		}
		retry = min(2*retry, maxRetry)
	}
}

// listenLine is what was last logged about listening. A connection that breaks and is restored soon is not: nothing is missed.
type listenLine uint8

const (
	nothing listenLine = iota
	listens
	isStandby
	fails
)
