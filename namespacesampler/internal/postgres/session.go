// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// maxStatements bounds the statements of one load, should keys that a query cannot take have to be searched for.
const maxStatements = 64

// answered marks connections that have answered before.
const answered = "answered"

// session is the statements of one load.
type session struct {
	db         *DB
	roundTrips int
	statements int
	stale      bool // a connection from before turned out dead
}

// send asks all requests in one round trip. One that the server refuses spoils none of the others: they are asked again
// one by one, so that it shows which it was.
func (s *session) send(ctx context.Context, requests []*request) error {
	done, err := s.flight(ctx, requests)
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

// refused deals with a request that the server refuses by itself. Where the reason is one of its keys, those that it
// shares the request with are asked again in halves until it is alone; then it is unknown, since nothing can be stored under
// a key that the query cannot take.
func (s *session) refused(ctx context.Context, r *request, err error) error {
	if !isClass(sqlState(err), classDataException) {
		r.lookup.rest(s.db.now(), err)
		r.refuse()
		return nil
	}
	r.lookup.badKey(err)
	if len(r.texts) == 1 {
		r.answers[r.places[r.texts[0]]] = namespace.Answer{Outcome: namespace.Unknown}
		return nil
	}
	if s.statements >= maxStatements {
		return nil // the rest of them stay unavailable in this load
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

// flight sends requests as one batch, a single round trip, and returns how many were answered before an error.
func (s *session) flight(ctx context.Context, requests []*request) (done int, err error) {
	var batch pgx.Batch
	for _, r := range requests {
		batch.Queue(r.lookup.SQL, arrayLiteral(r.texts))
	}
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
			err = closing // else it is the same error again
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
				s.stale = conn.Conn().PgConn().CustomData()[answered] != nil
			case !errors.As(err, &refused):
				err = &queryError{err}
			}
			return done, err
		}
	}
	conn.Conn().PgConn().CustomData()[answered] = true
	return len(requests), nil
}
