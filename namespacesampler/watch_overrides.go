// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
)

const (
	// Bounds of the pauses between attempts to listen again.
	leastPause, mostPause = 500 * time.Millisecond, 30 * time.Second
	// standbyPause is the pause where the server is a standby, until it is promoted.
	standbyPause = time.Minute
	// listenCheck is how often a connection without notifications is asked whether it lives.
	listenCheck = 10 * time.Second
	// maxRejectedLogged bounds the lines about rejected rows of one read.
	maxRejectedLogged = 20
)

// overrideWatch keeps the runtime overrides in force that the table has. Where it cannot be read, those read last stay, and end in
// time.
type overrideWatch struct {
	cfg     RuntimeOverridesConfig
	table   postgres.Table
	timeout time.Duration
	missing []string
	rates   *rates
	health  *health
	applied func() // after each good read
	logger  *zap.Logger
	created time.Time

	mu       sync.Mutex
	readAt   time.Time // of the last good read
	err      error     // of the last read
	rejected []rejected
}

// run reads the table, again after each interval, and when woken.
func (w *overrideWatch) run(ctx context.Context, db *postgres.DB, wake <-chan struct{}) {
	repeat(ctx, w.cfg.Interval, wake, func() { w.read(ctx, db) })
}

// read reads the table, and puts in force what it says.
func (w *overrideWatch) read(ctx context.Context, db *postgres.DB) {
	bounded, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	rows, err := db.Overrides(bounded, w.table)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		w.failed(err)
		return
	}
	good, bad := accept(rows, w.missing)
	w.succeeded(bad)
	w.rates.setRuntime(good)
	w.applied()
}

// failed notes why the table could not be read, and says so when the reason is of another kind than before.
func (w *overrideWatch) failed(err error) {
	w.health.heard(outage(err))
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.err
	w.err = err
	if before == nil || refusal(before) != refusal(err) {
		w.logger.Warn("runtime overrides cannot be read: those read last stay in force until they end", zap.Error(err),
			zap.Duration("retry_every", w.cfg.Interval))
	}
}

// refusal returns the SQLSTATE by which the server refuses to have a table read, and nothing where it could not be asked.
func refusal(err error) string {
	var read *postgres.ReadError
	if errors.As(err, &read) {
		return read.State
	}
	return ""
}

// outage returns an error where it means that the server could not be asked: one that refuses to answer has been.
func outage(err error) error {
	if refusal(err) != "" {
		return nil
	}
	return err
}

// succeeded notes a good read, and says which rows it rejects, once for each.
func (w *overrideWatch) succeeded(bad []rejected) {
	w.health.heard(nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		w.logger.Info("runtime overrides can be read again")
	}
	known := make(map[rejected]bool, len(w.rejected))
	for _, r := range w.rejected {
		known[r] = true
	}
	fresh := 0
	for _, r := range bad {
		if known[r] {
			continue
		}
		if fresh++; fresh <= maxRejectedLogged {
			w.logger.Warn("a row of the runtime overrides is skipped", zap.String("namespace", r.namespace),
				zap.String("signal", r.signal), zap.String("error", r.reason))
		}
	}
	if more := fresh - maxRejectedLogged; more > 0 {
		w.logger.Warn("more rows of the runtime overrides are skipped", zap.Int("rows", more))
	}
	w.readAt, w.err, w.rejected = time.Now(), nil, bad
}

// listen wakes run when the table has changed. Where it cannot work it is given up: the table is read after each interval anyway.
func (w *overrideWatch) listen(ctx context.Context, db *postgres.DB, wake chan<- struct{}) {
	heard := func() {
		select {
		case wake <- struct{}{}:
		default: // it is going to be read
		}
	}
	listened, saidStandby := false, false
	wait := leastPause
	for {
		began := false
		err := db.Listen(ctx, postgres.Listening{
			Channel: w.cfg.Channel, Timeout: w.timeout, Check: listenCheck, Heard: heard,
			Began: func() {
				w.logger.Info("runtime overrides apply at once when they are notified", zap.String("channel", w.cfg.Channel))
				began, listened, wait = true, true, leastPause
				heard() // for what was notified before
			},
		})
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, postgres.ErrPooler):
			w.logger.Info("runtime overrides do not apply at once, but after the interval", zap.Error(err),
				zap.Duration("interval", w.cfg.Interval))
			return
		case errors.Is(err, postgres.ErrStandby):
			if !saidStandby {
				saidStandby = true
				w.logger.Info("runtime overrides do not apply at once, but after the interval, unless the server is promoted",
					zap.Error(err), zap.Duration("interval", w.cfg.Interval))
			}
			wait = standbyPause
		case began && listened:
			w.logger.Info("the connection that is notified of runtime overrides broke: until there is another, "+
				"they apply after the interval", zap.Error(err), zap.Duration("interval", w.cfg.Interval))
		}
		if _, ok := pause(ctx, wait, nil); !ok {
			return
		}
		wait = min(2*wait, mostPause)
	}
}
