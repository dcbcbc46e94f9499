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
	read    func() // called after each successful read; tests set it
	skipped func() // called when other rows are skipped than before; it must not wait
	logger  *zap.Logger
	created time.Time

	mu    sync.Mutex
	state OverridesState
}

// OverridesState is the result of reading the table of runtime overrides.
type OverridesState struct {
	ReadAt   time.Time  // last successful read; zero means never
	Err      error      // of the last read; nil if it was successful
	Rejected []Rejected // rows of the last successful read
}

func newOverrideWatch(cfg *Config, rates *Rates) *OverrideWatch {
	return &OverrideWatch{
		cfg: *cfg.Overrides, timeout: cfg.QueryTimeout, rates: rates, asked: cfg.Asked, read: func() {}, skipped: func() {}, created: time.Now(),
		logger: cfg.Logger.With(zap.Stringer("table", cfg.Overrides.Table)),
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
	rows, err := db.Overrides(bounded, w.cfg.Table)
	if ctx.Err() != nil {
		return false
	}
	w.asked(outage(err))
	if err != nil {
		w.failed(err)
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

// failed notes a failed read, and logs it if the previous read was successful or failed for another reason.
func (w *OverrideWatch) failed(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.state.Err
	w.state.Err = err
	if before == nil || refusal(before) != refusal(err) {
		w.logger.Warn("runtime overrides cannot be read; the ones read last stay in force until they expire", zap.Error(err),
			zap.Duration("retry_every", w.cfg.Interval))
	}
}

// succeeded notes a successful read, and logs the rows that are rejected and were not before. It reports whether others are rejected than before.
func (w *OverrideWatch) succeeded(bad []Rejected) (hasChanged bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state.Err != nil {
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
