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

// maxStatements bounds the statements of one load while keys that a query fails on are isolated.
const maxStatements = 64

// session sends the statements of one load.
type session struct {
	db         *DB
	roundTrips int
	statements int
	stale      bool // a connection that had been opened before the load was dead
}

// send sends all requests in one round trip. If the server refuses one, they are sent again one by one, so that the others are
// answered.
func (s *session) send(ctx context.Context, requests []*request) error {
	done, err := s.roundTrip(ctx, requests)
	switch {
	case err == nil:
		return nil
	case !isRefusal(err):
		return err
	case len(requests) == 1:
		return s.refused(ctx, requests[0], err)
	}
	for _, r := range requests[done:] {
		if err := s.send(ctx, []*request{r}); err != nil {
			return err
		}
	}
	return nil
}

// refused handles a request that the server refuses. If the reason is one of its keys, the request is split in halves until that
// key is alone. The key is unknown then, since no row can have a key that the query fails on.
func (s *session) refused(ctx context.Context, r *request, err error) error {
	if !isClass(sqlState(err), classDataException) {
		r.query.pause(s.db.now(), err)
		r.refuse()
		return nil
	}
	if len(r.texts) == 0 {
		return nil // the server answers, which is what a request without keys asks
	}
	r.query.badKey(err)
	if len(r.texts) == 1 {
		if sqlState(err) == characterNotInRepertoire { // of a row, since keys are valid UTF-8
			r.query.unreadable()
		}
		r.answers[r.places[r.texts[0]]] = namespace.Answer{Outcome: namespace.Unknown}
		return nil
	}
	if s.statements >= maxStatements {
		return nil // the other keys stay unavailable in this load
	}
	half := len(r.texts) / 2
	for _, texts := range [][]string{r.texts[:half], r.texts[half:]} {
		part := *r
		part.texts = texts
		if err := s.send(ctx, []*request{&part}); err != nil {
			return err
		}
	}
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
	s.statements += len(requests)
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
			var refused *pgconn.PgError
			switch {
			case ctx.Err() != nil:
			case conn.Conn().IsClosed():
				s.stale = usageOf(conn.Conn()).opened.Before(began)
			case !errors.As(err, &refused):
				err = &queryError{err}
			}
			return done, err
		}
	}
	return len(requests), nil
}
