// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
)

// FleetConfig says where collectors that share their budgets add up what arrives.
type FleetConfig struct {
	Fleet postgres.Fleet
	// ReadsOnly is true if the collector follows the rates of the fleet, but what arrives at it does not count (B10).
	ReadsOnly bool
}

const (
	// addedBy is the part of an interval by which a collector has added what arrived in the one before, or gives up.
	addedBy = 0.45
	// askedAt is the part of an interval at which sums are asked for, and spread the part by which collectors do so after each other, since the
	// first one does the work. One that only reads asks after all others.
	askedAt, spread, readAfter = 0.5, 0.2, 0.1
	// answeredBy is the part of an interval by which an answer is there, or is given up.
	answeredBy = 0.95
)

// FleetWatch shares the budgets of this collector with others, through a table. What arrives in an interval is added up half an interval after
// its end. The rates that follow hold from the end of the interval after it, on all collectors at once.
type FleetWatch struct {
	cfg     FleetConfig
	rates   *Rates
	timeout time.Duration
	asked   func(error)
	outage  func() bool
	logger  *zap.Logger
	created time.Time
	after   float64 // the part of an interval after askedAt at which this collector asks

	clock   fleetClock
	ended   int64                                       // the number of the last interval
	arrived map[allowance.ID]map[string]budget.Arrivals // in that interval; nil if it was added

	mu     sync.Mutex
	state  FleetState
	logged loggedFailure
}

// FleetState is how the table of the fleet was used last.
type FleetState struct {
	AnsweredAt time.Time // last answer; zero means never
	Err        error     // of the last use; nil if it was successful
	Collectors int       // live collectors at the last answer, those of the budget that has the most
}

func newFleetWatch(cfg *Config, rates *Rates) *FleetWatch {
	rates.inFleet = true
	after := rand.Float64() * spread //nolint:gosec // no secret
	if cfg.Fleet.ReadsOnly {
		after = spread + readAfter
	}
	return &FleetWatch{
		cfg: *cfg.Fleet, rates: rates, timeout: cfg.QueryTimeout, asked: cfg.Asked, outage: cfg.isOutage, created: time.Now(), after: after,
		logger: cmp.Or(cfg.Limited, cfg.Logger).With(zap.Stringer("table", cfg.Fleet.Fleet.Table)), clock: newFleetClock(cfg.Fleet.Fleet.Interval),
	}
}

// State returns how the table was used last.
func (w *FleetWatch) State() FleetState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// Age returns the time since the last answer, or since start if there was none.
func (w *FleetWatch) Age() time.Duration {
	return age(w.State().AnsweredAt, w.created)
}

func (w *FleetWatch) run(ctx context.Context, db *postgres.DB) {
	w.join(ctx, db)
	for number := w.clock.number(); ctx.Err() == nil; number = w.next(number) {
		w.pass(ctx, db, number)
	}
}

// next returns the number of the interval after one that has ended. The clock may have been a little fast, or have jumped.
func (w *FleetWatch) next(ended int64) int64 {
	if now := w.clock.number(); now > ended || now < ended-1 {
		return now
	}
	return ended + 1
}

// join reads the server's time and the rates that are in force in the fleet, within an interval.
func (w *FleetWatch) join(ctx context.Context, db *postgres.DB) {
	most := w.cfg.Fleet.Interval / 2
	if !w.readTime(ctx, db, most) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, min(most, w.timeout))
	defer cancel()
	answers, err := db.Sums(ctx, &w.cfg.Fleet, w.clock.number()-2)
	if w.note(ctx, err) {
		w.rates.joinFleet(answers)
	}
}

func (w *FleetWatch) readTime(ctx context.Context, db *postgres.DB, most time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, min(most, w.timeout))
	defer cancel()
	asked := time.Now()
	server, err := db.Time(ctx)
	if !w.note(ctx, err) {
		return false
	}
	w.clock.observe(server, asked, time.Now())
	return true
}

// pass goes through the rest of an interval: it adds what arrived in the one before, asks for the sums of that, and ends the interval.
func (w *FleetWatch) pass(ctx context.Context, db *postgres.DB, number int64) {
	if most := w.clock.until(number, addedBy); most > 0 {
		w.add(ctx, db, most)
	}
	if !w.wait(ctx, number, askedAt+w.after) {
		return
	}
	var answers map[allowance.ID]*budget.Answer
	if most := w.clock.until(number, answeredBy); most > 0 && w.clock.isKnown() {
		answers = w.ask(ctx, db, number-1, most)
	}
	if w.wait(ctx, number, 1) {
		w.ended, w.arrived = number, w.rates.endFleetInterval(number, answers)
	}
}

// wait waits until a part of an interval has passed. It returns false if ctx ends before.
func (w *FleetWatch) wait(ctx context.Context, number int64, part float64) bool {
	_, ok := sleep(ctx, min(max(w.clock.until(number, part), 0), w.clock.interval), nil)
	return ok
}

// add adds what has arrived here in the last interval.
func (w *FleetWatch) add(ctx context.Context, db *postgres.DB, most time.Duration) {
	arrived := w.arrived
	w.arrived = nil
	if !w.clock.isKnown() || w.cfg.ReadsOnly || arrived == nil {
		w.readTime(ctx, db, most)
		return
	}
	bounded, cancel := context.WithTimeout(ctx, min(most, w.timeout))
	defer cancel()
	asked := time.Now()
	server, err := db.AddCounts(bounded, &w.cfg.Fleet, w.ended, arrived)
	if w.note(ctx, err) {
		w.clock.observe(server, asked, time.Now())
	}
}

// ask returns what has arrived in the fleet in an interval. If no other collector has added it up, this one does.
func (w *FleetWatch) ask(ctx context.Context, db *postgres.DB, number int64, most time.Duration) map[allowance.ID]*budget.Answer {
	missing := w.rates.Budgets().Rates()
	if len(missing) == 0 {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, min(most, w.timeout))
	defer cancel()
	answers, err := db.Sums(bounded, &w.cfg.Fleet, number)
	maps.DeleteFunc(missing, func(id allowance.ID, _ map[string]float64) bool { return answers[id] != nil })
	if err == nil && len(missing) > 0 && !w.cfg.ReadsOnly {
		if err = db.StoreSums(bounded, &w.cfg.Fleet, number, missing); err == nil {
			answers, err = db.Sums(bounded, &w.cfg.Fleet, number)
		}
	}
	if !w.note(ctx, err) {
		return nil
	}
	w.answered(answers)
	return answers
}

func (w *FleetWatch) answered(answers map[allowance.ID]*budget.Answer) {
	if len(answers) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state.AnsweredAt, w.state.Collectors = time.Now(), 0
	for _, answer := range answers {
		w.state.Collectors = max(w.state.Collectors, answer.Collectors)
	}
}

// note notes the result of a use of the table, and reports whether it was successful. Changes are logged.
func (w *FleetWatch) note(ctx context.Context, err error) bool {
	if ctx.Err() != nil && err != nil && context.Cause(ctx) == context.Canceled { //nolint:errorlint // shutting down
		return false
	}
	w.asked(outage(err))
	inOutage := w.outage()
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.state.Err
	w.state.Err = err
	switch {
	case err == nil && w.logged.isOver():
		w.logger.Info("budgets are shared with the fleet again")
	case err != nil && w.logged.isNews(err, inOutage):
		w.logger.Warn("budgets cannot be shared with the fleet; the last rates stay in force, and are lowered where more arrives at this collector",
			zap.Error(err), retryEvery(w.cfg.Fleet.Interval))
	case err != nil && before == nil:
		w.logger.Debug("budgets cannot be shared because of the outage", zap.Error(err))
	}
	return err == nil
}
