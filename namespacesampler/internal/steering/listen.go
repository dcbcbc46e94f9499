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
	interval := zap.Duration("interval", w.cfg.Interval)
	var failureLogged, standbyLogged bool // since listening began last
	retry := minRetry
	for {
		listening := false
		err := db.Listen(ctx, postgres.Listening{
			Channel: w.cfg.Channel, Timeout: w.timeout, Check: listenCheck, Heard: notify,
			Began: func() {
				w.logger.Info("listening for changes of runtime overrides", zap.String("channel", w.cfg.Channel))
				listening, retry = true, minRetry
				failureLogged, standbyLogged = false, false
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
			if !standbyLogged {
				standbyLogged = true
				w.logger.Info("not listening for changes of runtime overrides until the server is promoted; they apply after the interval",
					zap.Error(err), interval)
			}
			retry = standbyRetry
		case listening:
			failureLogged = true
			w.logger.Info("the listening connection broke; until it is restored, changes of runtime overrides apply after the interval",
				zap.Error(err), interval)
		case !failureLogged:
			failureLogged = true
			w.logger.Info("not listening for changes of runtime overrides; until that works, they apply after the interval",
				zap.Error(err), interval)
		}
		if _, ok := sleep(ctx, retry, nil); !ok {
			return
		}
		retry = min(2*retry, maxRetry)
	}
}
