// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"cmp"
	"context"
	"slices"
)

// Bounds of isolating the keys that queries fail on. In the simple protocol each statement takes a round trip of its own.
const (
	maxParts = 8 // into which a request is split

	maxStatements, maxFlight             = 1000, 128 // in a load, in a round trip
	maxSimpleStatements, maxSimpleFlight = 64, 8
)

// limits returns how many statements may isolate keys in a load, and how many are sent before the time is checked again.
func (db *DB) limits() (statements, flight int) {
	if db.isSimple {
		return maxSimpleStatements, maxSimpleFlight
	}
	return maxStatements, maxFlight
}

// isolate sends the parts of requests that the server refused because of a key, then the parts of those that it refuses again, and so on
// until the keys that their queries fail on are alone. It stops when it has sent as many statements as a load may, or has taken half of
// the time that was left: the other keys stay unavailable, and the next load asks for them. The server answers, so that is no error.
func (s *session) isolate(ctx context.Context, parts []*request) error {
	statements, flight := s.db.limits()
	pace := newPace(ctx, s.first)
	for {
		parts = s.withoutPaused(parts)
		n := min(len(parts), statements-s.isolating, pace.fitting(flight))
		if n <= 0 {
			return nil
		}
		takeTurns(parts)
		pace.begin()
		more, err := s.sendApart(ctx, parts[:n])
		s.isolating += n
		if err != nil {
			return err
		}
		pace.sent(n)
		parts = append(parts[n:], more...)
	}
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
// the others. Of a query, the smallest parts come first, so that each load isolates some keys, however many there are.
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
