// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// seriesPrecision is the precision of thresholds of metric series. They are never stamped, so all 14 digits are used.
const seriesPrecision = 14

// clockCheck is how often the clock is read if an override has an end, which a single timer could miss: the clock may be set forward, or
// the machine suspended. If the clock is set back, overrides that ended before their time are in force again.
const clockCheck = time.Second

// RatesConfig is the part of the configuration that rates come from.
type RatesConfig struct {
	// Overrides are the configured overrides. They are valid.
	Overrides []rate.Override
	// Global is the global rate. The others replace it for one signal, unless they are nil.
	Global                                  float64
	TracesGlobal, MetricsGlobal, LogsGlobal *float64
	// TracesBudget and LogsBudget are budgets in items per second that all namespaces without an override share, in place of the global rate; 0
	// if there is none.
	TracesBudget, LogsBudget float64
	Budgets                  BudgetsConfig
	// Precision is the precision of thresholds of spans and log records in hexadecimal digits, 1 to 14.
	Precision int
}

// Rates holds the tables in force. It replaces them when a runtime override is added, changed or removed, and when any override
// expires. A batch takes the tables once, at its beginning; neither waits for the other.
type Rates struct {
	cfg    RatesConfig
	logger *zap.Logger
	now    func() time.Time
	// replaced is called when other tables were put in force. It must not wait.
	replaced func()
	current  atomic.Pointer[Tables]

	history history
	budgets *allowance.Book
	inFleet bool // set before start

	mu        sync.Mutex // held while tables are replaced
	runtime   []rate.Override
	hasRead   bool        // the table of runtime overrides was read
	timer     *time.Timer // of overrides that expire
	intervals *time.Timer // of budgets
	boundary  time.Time   // the end of the interval
	stopped   bool
}

func newRates(cfg RatesConfig, logger *zap.Logger) (*Rates, error) {
	r := &Rates{cfg: cfg, logger: logger, now: time.Now, replaced: func() {}, budgets: newBook(cfg.Budgets)}
	now := r.now()
	t, err := r.build(unexpired(cfg.Overrides, now), now, nil)
	if err != nil {
		return nil, err
	}
	r.current.Store(t)
	return r, nil
}

// InForce returns the tables in force.
func (r *Rates) InForce() *Tables { return r.current.Load() }

// sections are the configuration keys of the overrides of each signal.
var sections = map[rate.Signal]string{
	rate.All: "namespaces", rate.Traces: "tracing::namespaces", rate.Metrics: "metrics::namespaces", rate.Logs: "logs::namespaces",
}

// Expired returns when configured overrides have expired, by their configuration keys. They can be removed from the configuration.
func (r *Rates) Expired(now time.Time) map[string]time.Time {
	expired := map[string]time.Time{}
	for i := range r.cfg.Overrides {
		if o := &r.cfg.Overrides[i]; o.IsExpired(now) {
			expired[sections[o.Signal]+"::"+cmp.Or(namespace.Shown(o.Key), `""`)] = o.Until
		}
	}
	return expired
}

// start makes overrides expire on time, and the rates of budgets follow what arrives, until stop is called.
func (r *Rates) start() {
	r.expire()
	r.beginIntervals()
}

// setRuntime replaces the runtime overrides, which it sorts and keeps. They must be valid and have distinct identities. The same ones
// again leave the same tables in force.
func (r *Rates) setRuntime(overrides []rate.Override) {
	slices.SortFunc(overrides, func(a, b rate.Override) int { // a table has no order of its own
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Signal, b.Signal))
	})
	r.replace(func() { r.runtime, r.hasRead = overrides, true })
}

// replace makes a change, puts new tables in force if it makes a difference, and logs how they differ.
func (r *Rates) replace(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	hadRead := r.hasRead
	change()
	r.rebuild(r.now(), r.hasRead == hadRead)
}

// expire replaces the tables if an override has expired, or has not after all. The timer calls it.
func (r *Rates) expire() { r.replace(func() {}) }

// rebuild replaces the tables if the overrides in force are others at a time than before. What was in the table before it was first read is no
// change to be remembered: it was in force already, for other collectors and before a restart.
func (r *Rates) rebuild(now time.Time, isChange bool) {
	defer r.schedule(now)
	before := r.InForce()
	overrides := unexpired(slices.Concat(r.cfg.Overrides, r.runtime), now)
	if slices.EqualFunc(before.Overrides, overrides, isSame) {
		return
	}
	if after := r.put(overrides, now); after != nil {
		r.replaced()
		changes := differences(before, after, now)
		if isChange {
			r.history.add(changes, before, after, now)
		}
		logChanges(r.logger, changes, before, after)
	}
}

// put puts tables in force and returns them.
func (r *Rates) put(overrides []rate.Override, now time.Time) *Tables {
	after, err := r.build(overrides, now, r.InForce().all())
	if err != nil { // cannot happen: overrides were validated
		r.logger.Error("sample rates could not be replaced; the previous ones stay in force", zap.Error(err))
		return nil
	}
	r.current.Store(after)
	return after
}

// schedule sets the timer for the next expiry, or for the next look at the clock.
func (r *Rates) schedule(now time.Time) {
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
	pause := clockCheck
	if next := r.InForce().nextExpiry(); !next.IsZero() {
		pause = min(next.Sub(now), clockCheck)
	}
	if hasEnd(r.cfg.Overrides) || hasEnd(r.runtime) {
		r.timer = time.AfterFunc(pause, r.expire)
	}
}

// stop ends what start began. The tables stay in force.
func (r *Rates) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	for _, timer := range [...]*time.Timer{r.timer, r.intervals} {
		if timer != nil {
			timer.Stop()
		}
	}
}

// build builds tables. They reuse compiled patterns of earlier tables, and of each other.
func (r *Rates) build(overrides []rate.Override, now time.Time, reuse []*rate.Table) (*Tables, error) {
	t := &Tables{Overrides: overrides}
	for _, of := range [...]struct {
		table          **rate.Table
		signal         rate.Signal
		global         *float64
		budget         float64
		precision      int
		groupPrecision int
	}{
		{&t.Traces, rate.Traces, r.cfg.TracesGlobal, r.cfg.TracesBudget, r.cfg.Precision, 0},
		{&t.Metrics, rate.Metrics, r.cfg.MetricsGlobal, 0, seriesPrecision, r.cfg.Precision},
		{&t.Logs, rate.Logs, r.cfg.LogsGlobal, r.cfg.LogsBudget, r.cfg.Precision, 0},
	} {
		table, err := rate.NewTable(rate.Spec{
			Signal: of.signal, Overrides: overrides, SignalGlobal: of.global, Global: r.cfg.Global,
			SignalBudget: of.budget, Allowances: func(id allowance.ID) *allowance.Allowance { return r.budgets.Allowance(id, now) },
			Precision: of.precision, GroupPrecision: of.groupPrecision, Now: now, Reuse: reuse,
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", of.signal, err)
		}
		*of.table, reuse = table, append(reuse, table)
	}
	return t, nil
}
