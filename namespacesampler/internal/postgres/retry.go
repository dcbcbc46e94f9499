// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Loads send a refused query again after its pause, but only with telemetry that has keys for it. So that its repair is noticed without
// any, and sooner, it is retried without keys meanwhile. One query is retried at a time, so that retries take one connection at most.

const (
	// maxRetryInterval is the longest time between a refusal and a retry, unless the retry takes long.
	maxRetryInterval = 2 * time.Second
	// retryPauses is how many times as long as a retry has taken the next one waits, so that a statement that runs into its time-out
	// does not keep the server busy. It does not wait longer than a load would.
	retryPauses = 5
)

// scheduleRetry schedules the next retry, after one that took a while. The caller holds the mutex.
func (l *pausable) scheduleRetry(now time.Time, took time.Duration) {
	if !l.isRetried {
		return
	}
	l.refusals.retryAt = now.Add(l.retryWait(took))
	select {
	case l.scheduled <- struct{}{}:
	default: // it is to be noticed already
	}
}

func (l *pausable) retryWait(took time.Duration) time.Duration {
	return min(max(maxRetryInterval, retryPauses*took), l.cooldown)
}

// watchRefused retries refused queries until ctx ends.
func (db *DB) watchRefused(ctx context.Context) {
	timer := time.NewTimer(maxRetryInterval)
	timer.Stop() // nothing is scheduled yet
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-db.scheduled:
		case <-timer.C:
			for _, query := range db.queries {
				db.retry(ctx, query)
			}
		}
		if next := db.nextRetry(); !next.IsZero() {
			timer.Reset(next.Sub(db.now()))
		}
	}
}

// nextRetry returns when the next retry is due; zero means never.
func (db *DB) nextRetry() (next time.Time) {
	for _, query := range db.queries {
		query.mu.Lock()
		at := query.refusals.retryAt
		query.mu.Unlock()
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// retry retries a query if that is due. It is not a load: the circuit breaker and the health of the component do not learn of it.
func (db *DB) retry(ctx context.Context, query *pausable) {
	r, ok := query.dueRetry(db.now)
	if !ok {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, db.retryTimeout)
	defer cancel()
	began := time.Now()
	err := db.ask(bounded, r)
	if ctx.Err() == nil {
		query.retried(r, err, db.now(), time.Since(began))
	}
}

// dueRetry returns the request of a retry if one is due.
func (l *pausable) dueRetry(now func() time.Time) (r *request, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at := l.refusals.retryAt; at.IsZero() || now().Before(at) {
		return nil, false
	}
	l.refusals.retryAt = time.Time{}
	return &request{query: l, refusals: l.refusals.n}, true
}

// ask sends a request without keys. It returns nil if the server executes it, or fails on its data, which shows as well that the query is
// not refused.
func (db *DB) ask(ctx context.Context, r *request) error {
	ctx, span := db.tracer.Start(ctx, "retry_lookup", trace.WithAttributes(attribute.String("lookup", r.query.Name)))
	defer span.End()
	s := &session{db: db}
	_, err := s.roundTrip(ctx, []*request{r})
	if err != nil && s.stale {
		db.pool.Reset() // the other connections are probably dead too
		_, err = s.roundTrip(ctx, []*request{r})
	}
	if isClass(sqlState(err), classDataException) {
		return nil
	}
	if err != nil {
		span.SetStatus(codes.Error, tracedError(err).Error())
	}
	return err
}

// retried notes the result of a retry, unless a load had another one meanwhile. The pause does not become longer by it.
func (l *pausable) retried(r *request, err error, now time.Time, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.refused || r.refusals != l.refusals.n {
		return
	}
	if err == nil {
		l.succeededWithoutKeys()
		return
	}
	if isRefusal(err) {
		l.noteReason(err, false)
	}
	l.scheduleRetry(now, took)
}
