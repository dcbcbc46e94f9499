// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// Lookup implements namespace.Source: one pgx batch, with one statement for each kind of key. Without keys, it takes statements of all
// kinds: they show whether lookups work, as a ping would not.
func (db *DB) Lookup(ctx context.Context, keys []namespace.Key, answers []namespace.Answer) (int, error) {
	requests := db.group(keys, answers)
	if len(requests) == 0 {
		return 0, nil
	}
	ctx, span := db.tracer.Start(ctx, "lookup", trace.WithAttributes(attribute.Int("keys", len(keys))))
	defer span.End()
	s := &session{db: db}
	err := s.send(ctx, requests)
	if err != nil && s.stale {
		db.pool.Reset() // the other connections are probably dead too
		err = s.send(ctx, requests)
	}
	span.SetAttributes(attribute.Int("round_trips", s.roundTrips))
	if err != nil {
		span.SetStatus(codes.Error, tracedError(err).Error())
		return s.roundTrips, plainError(err)
	}
	for _, r := range requests {
		r.query.succeeded(r)
	}
	return s.roundTrips, nil
}

// group returns one request for each kind of key, without those whose query is paused. Without keys, it returns one of each kind.
func (db *DB) group(keys []namespace.Key, answers []namespace.Answer) []*request {
	byKind := make([]*request, len(db.queries))
	for i, key := range keys {
		r := byKind[key.Kind()]
		if r == nil {
			query := db.queries[key.Kind()]
			r = &request{query: query, refusals: query.refusalsSoFar(), answers: answers, places: map[string]int{}, groupOf: db.groupOf}
			byKind[key.Kind()] = r
		}
		text := key.String()
		r.texts = append(r.texts, text)
		r.places[text] = i
	}
	if len(keys) == 0 {
		for kind, query := range db.queries {
			byKind[kind] = &request{query: query, refusals: query.refusalsSoFar()}
		}
	}
	now := db.now()
	active := byKind[:0]
	for _, r := range byKind {
		switch {
		case r == nil:
		case r.query.isPaused(now):
			r.refuse()
		default:
			active = append(active, r)
		}
	}
	return active
}
