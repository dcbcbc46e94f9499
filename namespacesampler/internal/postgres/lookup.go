// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// goodbye is how long closing connections properly may take.
const goodbye = time.Second

// Config configures a database.
type Config struct {
	Pool    PoolConfig
	Queries []Query
	// Cooldown is how long a lookup rests whose query the server refuses.
	Cooldown  time.Duration
	Logger    *zap.Logger
	Telemetry Telemetry
}

// DB is a namespace.Source. It is safe for concurrent use.
type DB struct {
	pool    *pgxpool.Pool
	sockets *sockets
	lookups []*lookup // by kind
	now     func() time.Time
	tracer  trace.Tracer
	forget  func() error // takes the pool out of the metrics
}

var _ namespace.Source = (*DB)(nil)

// Open returns a database that connects when it is first asked, and is to be closed. The error says what is wrong with the DSN.
func Open(cfg Config) (*DB, error) {
	pool, all, err := open(cfg.Pool, cfg.Telemetry)
	if err != nil {
		return nil, err
	}
	db := &DB{pool: pool, sockets: all, now: time.Now, tracer: cfg.Telemetry.Tracer.Tracer(scope)}
	if db.forget, err = observePool(pool, cfg.Telemetry); err != nil {
		return nil, errors.Join(err, db.Close(context.Background()))
	}
	for _, q := range cfg.Queries {
		db.lookups = append(db.lookups, &lookup{
			Query: q, cooldown: cfg.Cooldown, logger: cfg.Logger.With(zap.String("lookup", q.Name)),
		})
	}
	return db, nil
}

// Close closes all connections: properly, unless that takes long or longer than ctx. Loads should have ended before.
func (db *DB) Close(ctx context.Context) error {
	return errors.Join(db.forget(), db.close(ctx))
}

func (db *DB) close(ctx context.Context) error {
	closed := make(chan struct{})
	go func() {
		db.pool.Close()
		close(closed)
	}()
	patience := time.NewTimer(goodbye)
	defer patience.Stop()
	select {
	case <-closed:
		return nil
	case <-patience.C:
	case <-ctx.Done():
	}
	db.sockets.close()
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Lookup implements namespace.Source: one batch, with a statement for each kind of key that is asked for.
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
		db.pool.Reset() // the others are of the same age
		err = s.send(ctx, requests)
	}
	span.SetAttributes(attribute.Int("round_trips", s.roundTrips))
	if err != nil {
		span.SetStatus(codes.Error, tracedError(err).Error())
		return s.roundTrips, plainError(err)
	}
	now := db.now()
	for _, r := range requests {
		r.lookup.works(now)
	}
	return s.roundTrips, nil
}

// group sorts keys by their kinds, less those whose lookup rests.
func (db *DB) group(keys []namespace.Key, answers []namespace.Answer) []*request {
	byKind := make([]*request, len(db.lookups))
	for i, key := range keys {
		r := byKind[key.Kind()]
		if r == nil {
			r = &request{lookup: db.lookups[key.Kind()], answers: answers, places: map[string]int{}}
			byKind[key.Kind()] = r
		}
		text := key.String()
		r.texts = append(r.texts, text)
		r.places[text] = i
	}
	now := db.now()
	active := byKind[:0]
	for _, r := range byKind {
		switch {
		case r == nil:
		case r.lookup.rests(now):
			r.refuse()
		default:
			active = append(active, r)
		}
	}
	return active
}

// request is what one statement asks, and where its answers go.
type request struct {
	lookup  *lookup
	texts   []string
	places  map[string]int // text of a key → index of its answer
	answers []namespace.Answer
}

// refuse answers all keys of a lookup that the server refuses.
func (r *request) refuse() {
	if !r.lookup.schemaIsEarlier() {
		return // they stay unavailable
	}
	for _, text := range r.texts {
		r.answers[r.places[text]] = namespace.Answer{Outcome: namespace.Unknown}
	}
}

var arrayEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// arrayLiteral returns texts as Postgres writes an array. Given to pgx as text, the server alone makes of it what the query
// takes it for, be that text[] or uuid[], in every mode of execution; a slice, pgx itself encodes in some of them.
func arrayLiteral(texts []string) string {
	var b strings.Builder
	separator := `{"`
	for _, text := range texts {
		b.WriteString(separator)
		_, _ = arrayEscapes.WriteString(&b, text)
		separator = `","`
	}
	b.WriteString(`"}`)
	return b.String()
}

// isText reports whether rows are two texts, as they are sent.
func isText(fields []pgconn.FieldDescription) bool {
	if len(fields) != 2 {
		return false
	}
	for _, f := range fields {
		switch f.DataTypeOID {
		case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID, pgtype.NameOID:
		default:
			return false
		}
	}
	return true
}

// answer takes a row for a key that was asked for.
func (r *request) answer(i int, name string) {
	if name != "" && r.answers[i].Outcome != namespace.Resolved {
		r.answers[i] = namespace.Answer{Name: name, Outcome: namespace.Resolved}
	}
}

// read takes the answers of a statement. Rows for keys that were not asked for and rows without a namespace are passed over;
// of several rows for a key the first counts.
func (r *request) read(rows pgx.Rows) error {
	defer rows.Close()
	isText := isText(rows.FieldDescriptions())
	for rows.Next() {
		if isText {
			// The same as below without a copy of each: a query may return many rows that nobody asked for.
			raw := rows.RawValues()
			if i, ok := r.places[string(raw[0])]; ok && raw[0] != nil {
				r.answer(i, string(raw[1]))
			}
			continue
		}
		var key, name *string
		if err := rows.Scan(&key, &name); err != nil {
			return err
		}
		if key == nil || name == nil {
			continue
		}
		if i, ok := r.places[*key]; ok {
			r.answer(i, *name)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, text := range r.texts {
		if i := r.places[text]; r.answers[i].Outcome == namespace.Unavailable {
			r.answers[i].Outcome = namespace.Unknown
		}
	}
	return nil
}
