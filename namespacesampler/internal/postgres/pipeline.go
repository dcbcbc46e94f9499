// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// sendApart sends requests so that the refusal of one does not affect the others: in one round trip if possible, else in one for each. It
// returns the parts of those that are refused because of a key.
func (s *session) sendApart(ctx context.Context, requests []*request) (parts []*request, err error) {
	if !s.db.isSimple {
		return s.pipeline(ctx, requests)
	}
	for _, r := range requests {
		_, err := s.roundTrip(ctx, []*request{r})
		switch {
		case err == nil:
		case isRefusal(err):
			parts = append(parts, s.refused(r, err)...)
		default:
			return nil, err
		}
	}
	return parts, nil
}

// pipeline sends requests in one round trip, each with its own Sync, which ends the effect of an error. A batch of pgx has a single one.
func (s *session) pipeline(ctx context.Context, requests []*request) (parts []*request, err error) {
	began := time.Now()
	pooled, err := s.db.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer pooled.Release()
	s.roundTrips++
	conn := pooled.Conn()
	p := conn.PgConn().StartPipeline(ctx)
	defer func() {
		if closing := p.Close(); err == nil {
			err = closing
		}
	}()
	for _, r := range requests {
		// Without types and formats, the key is sent, and the columns are received, as text.
		p.SendQueryParams(r.query.SQL, [][]byte{[]byte(arrayLiteral(r.texts))}, nil, nil, nil)
		p.SendPipelineSync()
	}
	if err := p.Flush(); err != nil {
		return nil, s.fault(ctx, conn, began, err)
	}
	for _, r := range requests {
		err := r.receive(p, conn.TypeMap())
		if err == nil {
			continue
		}
		if err = s.fault(ctx, conn, began, err); !isRefusal(err) {
			return nil, err
		}
		parts = append(parts, s.refused(r, err)...)
	}
	return parts, nil
}

var errNoResult = errors.New("the statement has no result")

// receive reads the answers of a pipelined statement, up to the end of its Sync.
func (r *request) receive(p *pgconn.Pipeline, types *pgtype.Map) error {
	result, err := p.GetResults()
	if reader, ok := result.(*pgconn.ResultReader); ok {
		err = r.read(pgx.RowsFromResultReader(types, reader))
	} else if err == nil {
		return errNoResult
	}
	for {
		end, endErr := p.GetResults()
		if err == nil {
			err = endErr
		}
		var refused *pgconn.PgError
		if _, ok := end.(*pgconn.PipelineSync); ok || !errors.As(endErr, &refused) {
			return err
		}
	}
}
