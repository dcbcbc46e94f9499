// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
)

// maxRejectedLogged bounds the log lines about rejected rows of one read.
const maxRejectedLogged = 20

// OverridesConfig says where runtime overrides are read from.
type OverridesConfig struct {
	Table    postgres.Table
	Interval time.Duration
	Channel  string
	// MissingValues are values that count as an absent namespace, so that an override for them is invalid.
	MissingValues []string
}

// OverrideWatch keeps the rates in force up to date with the table of runtime overrides. While the table cannot be read, the
// overrides read last stay in force until they expire.
type OverrideWatch struct {
	cfg     OverridesConfig
	timeout time.Duration
	rates   *Rates
	asked   func(error)
	outage  func() bool
	read    func() // called after each successful read; tests set it
	skipped func() // called when other rows are skipped than before; it must not wait
	logger  *zap.Logger
	created time.Time

	mu     sync.Mutex
	state  OverridesState
	logged loggedFailure
}

// OverridesState is the result of reading the table of runtime overrides.
type OverridesState struct {
	ReadAt   time.Time  // last successful read; zero means never
	Err      error      // of the last read; nil if it was successful
	Rejected []Rejected // rows of the last successful read
}

func newOverrideWatch(cfg *Config, rates *Rates) *OverrideWatch {
	return &OverrideWatch{
		cfg: *cfg.Overrides, timeout: cfg.QueryTimeout, rates: rates, asked: cfg.Asked, outage: cfg.isOutage, read: func() {}, skipped: func() {},
		created: time.Now(),
		logger:  cfg.Logger.With(zap.Stringer("table", cfg.Overrides.Table)),
	}
}

// State returns the result of the last read.
func (w *OverrideWatch) State() OverridesState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// Table returns the name of the table in SQL.
func (w *OverrideWatch) Table() string { return w.cfg.Table.String() }

// Age returns the time since the last successful read, or since start if there was none.
func (w *OverrideWatch) Age() time.Duration {
	return age(w.State().ReadAt, w.created)
}

// age returns the time since something was last done, or since it could be if it never was.
func age(last, created time.Time) time.Duration {
	if last.IsZero() {
		last = created
	}
	return time.Since(last)
}

func (w *OverrideWatch) run(ctx context.Context, db *postgres.DB, notified <-chan struct{}) {
	poll(ctx, w.cfg.Interval, notified, func() bool { return w.update(ctx, db) })
}

// update reads the table and puts its overrides in force. It reports whether it was read.
func (w *OverrideWatch) update(ctx context.Context, db *postgres.DB) bool {
	bounded, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	inOutage := w.outage()
	rows, err := db.Overrides(bounded, w.cfg.Table)
	if ctx.Err() != nil {
		return false
	}
	w.asked(outage(err))
	if err != nil {
		w.failed(err, inOutage || w.outage())
		return false
	}
	good, bad := accept(rows, w.cfg.MissingValues, w.rates.cfg.Precision)
	hasChanged := w.succeeded(bad)
	w.rates.setRuntime(good)
	if hasChanged {
		w.skipped()
	}
	w.read()
	return true
}

// failed notes a failed read, and logs it if that is news.
func (w *OverrideWatch) failed(err error, inOutage bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.state.Err
	w.state.Err = err
	switch {
	case w.logged.isNews(err, inOutage):
		w.logger.Warn("runtime overrides cannot be read; the ones read last stay in force until they expire", zap.Error(err),
			retryEvery(w.cfg.Interval))
	case before == nil:
		w.logger.Debug("runtime overrides cannot be read because of the outage", zap.Error(err))
	}
}

// succeeded notes a successful read, and logs the rows that are rejected and were not before. It reports whether others are rejected than before.
func (w *OverrideWatch) succeeded(bad []Rejected) (hasChanged bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.logged.isOver() {
		w.logger.Info("runtime overrides can be read again")
	}
	known := make(map[Rejected]bool, len(w.state.Rejected))
	for _, r := range w.state.Rejected {
		known[r] = true
	}
	fresh := 0
	for _, r := range bad {
		if known[r] {
			continue
		}
		known[r] = true // duplicates are rejected alike
		if fresh++; fresh <= maxRejectedLogged {
			w.logger.Warn("a row of the runtime overrides is skipped", zap.String("namespace", r.Namespace),
				zap.String("signal", r.Signal), zap.String("error", r.Reason))
		}
	}
	if more := fresh - maxRejectedLogged; more > 0 {
		w.logger.Warn("more rows of the runtime overrides are skipped", zap.Int("rows", more))
	}
	hasChanged = !slices.Equal(w.state.Rejected, bad)
	w.state = OverridesState{ReadAt: time.Now(), Rejected: bad}
	return hasChanged
}

// loggedFailure is what was last logged about a table that cannot be used.
type loggedFailure struct {
	is  bool
	why string // the refusal; empty if the server could not be asked
}

// isNews reports whether a failure must be logged: not if it was before, nor if it is that of an outage that is logged for all tables.
func (l *loggedFailure) isNews(err error, inOutage bool) bool {
	why := refusal(err)
	if l.is && l.why == why || why == "" && inOutage {
		return false
	}
	l.is, l.why = true, why
	return true
}

// isOver reports whether a failure was logged, now that the table can be used, and forgets it.
func (l *loggedFailure) isOver() bool {
	was := l.is
	*l = loggedFailure{}
	return was
}

// refusal returns the SQLSTATE if the server refused to have a table read, and "" if the server could not be asked.
func refusal(err error) string {
	var read *postgres.ReadError
	if errors.As(err, &read) {
		return read.State
	}
	return ""
}

// outage returns the error if the server could not be asked. A server that refuses to answer was asked.
func outage(err error) error {
	if refusal(err) != "" {
		return nil
	}
	return err
}
