// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Bounds of isolating the keys that queries fail on. In the simple protocol each statement takes a round trip of its own.
const (
	maxParts = 8 // into which a request is split

	maxStatements, maxFlight             = 1000, 128 // in a load, in a round trip
	maxSimpleStatements, maxSimpleFlight = 64, 8
)

// limits returns how many statements may isolate keys in a load, and how many are sent before their parts are considered.
func (db *DB) limits() (statements, flight int) {
	if db.isSimple {
		return maxSimpleStatements, maxSimpleFlight
	}
	return maxStatements, maxFlight
}

// isolate sends the parts of requests that the server refused because of a key, then the parts of those that it refuses again, and so on
// until the keys that their queries fail on are alone. It stops when it has sent as many statements as a load may, or when half of the time
// that was left is over, since a load that runs out of time counts as an outage. What is answered by then stays; the other keys stay
// unavailable, and the next load asks for them. The server answers, so that is no error.
func (s *session) isolate(ctx context.Context, parts []*request) error {
	isolating, cancel := withHalfOfTheTime(ctx)
	defer cancel()
	statements, flight := s.db.limits()
	for {
		parts = s.withoutPaused(parts)
		n := min(len(parts), statements-s.isolating, flight)
		if n <= 0 {
			return nil
		}
		takeTurns(parts)
		more, err := s.sendApart(isolating, parts[:n])
		s.isolating += n
		switch {
		case err == nil:
			parts = append(parts[n:], more...)
		case isolating.Err() != nil && ctx.Err() == nil:
			return nil // the statement that was interrupted has cost its connection
		default:
			return err
		}
	}
}

// withHalfOfTheTime returns a context that ends when half of the time that ctx has left is over.
func withHalfOfTheTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
}

// withoutPaused returns parts without those whose query was paused meanwhile.
func (s *session) withoutPaused(parts []*request) []*request {
	now := s.db.now()
	return slices.DeleteFunc(parts, func(r *request) bool {
		isPaused := r.query.isPaused(now)
		if isPaused {
			r.refuse()
		}
		return isPaused
	})
}

// takeTurns sorts parts into the order in which they are sent. Queries take turns, so that bad keys of one do not use up the statements of
// the others. Of a query, the smallest parts come first, so that the statements of a load isolate some keys, however many there are.
func takeTurns(parts []*request) {
	slices.SortStableFunc(parts, func(a, b *request) int { return cmp.Compare(len(a.texts), len(b.texts)) })
	turns := make(map[*request]int, len(parts))
	next := map[*pausable]int{}
	for _, r := range parts {
		turns[r] = next[r.query]
		next[r.query]++
	}
	slices.SortStableFunc(parts, func(a, b *request) int { return cmp.Compare(turns[a], turns[b]) })
}

// split returns the request in parts of about the same number of keys.
func (r *request) split() []*request {
	var parts []*request
	for texts := range slices.Chunk(r.texts, (len(r.texts)+maxParts-1)/maxParts) {
		part := *r
		part.texts = texts
		parts = append(parts, &part)
	}
	return parts
}
