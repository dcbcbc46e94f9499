// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// session sends the statements of one load.
type session struct {
	db         *DB
	roundTrips int
	isolating  int  // statements that were sent to isolate keys
	stale      bool // a connection that had been opened before the load was dead
}

// send sends all requests in one round trip. If the server refuses one, those that are not answered are sent again apart, so that each is
// answered or refused by itself: in some of its modes of execution, pgx reports the refusal of one as that of another.
func (s *session) send(ctx context.Context, requests []*request) error {
	done, err := s.roundTrip(ctx, requests)
	if err == nil || !isRefusal(err) {
		return err
	}
	var parts []*request
	if rest := requests[done:]; len(rest) == 1 {
		parts = s.refused(rest[0], err)
	} else if parts, err = s.sendApart(ctx, rest); err != nil {
		return err
	}
	return s.isolate(ctx, parts)
}

// refused handles a request that the server refuses. If the reason is one of its keys, it returns the parts of the request, or notes
// that the only key is unknown, since no row can have a key that the query fails on. If the reason may be a key, the query is sent without
// keys first.
func (s *session) refused(r *request, err error) (parts []*request) {
	state, now := sqlState(err), s.db.now()
	switch {
	case r.query.isPaused(now): // the query was refused without keys, in the same round trip
		r.refuse()
		return nil
	case isClass(state, classDataException), r.isSuspect && mayBeOfKeys(state):
	case len(r.texts) > 0 && mayBeOfKeys(state):
		r.isSuspect = true
		return append(r.split(), r.withoutKeys())
	default:
		r.query.pause(now, r, err)
		r.refuse()
		return nil
	}
	if len(r.texts) == 0 {
		return nil // the server answers, which is what a request without keys asks
	}
	r.query.badKey(err)
	if len(r.texts) > 1 {
		return r.split()
	}
	if sqlState(err) == characterNotInRepertoire { // of a row, since keys are valid UTF-8
		r.query.unreadable()
	}
	r.answers[r.places[r.texts[0]]] = namespace.Answer{Outcome: namespace.Unknown}
	return nil
}

// roundTrip sends requests as one batch and returns how many were answered before an error.
func (s *session) roundTrip(ctx context.Context, requests []*request) (done int, err error) {
	var batch pgx.Batch
	for _, r := range requests {
		batch.Queue(r.query.SQL, arrayLiteral(r.texts))
	}
	began := time.Now()
	conn, err := s.db.pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	s.roundTrips++
	results := conn.SendBatch(ctx, &batch)
	defer func() {
		if closing := results.Close(); err == nil {
			err = closing // otherwise it is the same error
		}
	}()
	for done, r := range requests {
		rows, err := results.Query()
		if err == nil {
			err = r.read(rows)
		}
		if err != nil {
			return done, s.fault(ctx, conn.Conn(), began, err)
		}
	}
	return len(requests), nil
}

// fault returns an error of a statement as what it is: a fault of the query if the server did not refuse the statement and the
// connection lives. It notes if the connection had been opened before the load began and was dead.
func (s *session) fault(ctx context.Context, conn *pgx.Conn, began time.Time, err error) error {
	var refused *pgconn.PgError
	switch {
	case ctx.Err() != nil:
	case conn.IsClosed():
		s.stale = usageOf(conn).opened.Before(began)
	case !errors.As(err, &refused):
		err = &queryError{err}
	}
	return err
}
