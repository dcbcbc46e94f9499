// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// scope is the instrumentation scope of spans and metrics.
const scope = "github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"

// Telemetry holds the collector's providers for spans and metrics of the database.
type Telemetry struct {
	Tracer trace.TracerProvider
	Meter  metric.MeterProvider
	// Pool is the name of the pool in metrics.
	Pool string
}

// tracer wraps otelpgx.Tracer. Its spans contain statements, which come from the configuration, but neither keys nor parts of the
// DSN. Errors are reworded, since those of the server and of connecting may repeat both.
type tracer struct{ *otelpgx.Tracer }

var (
	_ pgx.QueryTracer       = tracer{}
	_ pgx.BatchTracer       = tracer{}
	_ pgx.PrepareTracer     = tracer{}
	_ pgx.ConnectTracer     = tracer{}
	_ pgxpool.AcquireTracer = tracer{}
)

func newTracer(t Telemetry) tracer {
	return tracer{otelpgx.NewTracer(
		otelpgx.WithTracerProvider(t.Tracer), otelpgx.WithMeterProvider(t.Meter),
		otelpgx.WithDisableConnectionDetailsInAttributes(),
	)}
}

func (t tracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	data.Err = tracedError(data.Err)
	t.Tracer.TraceConnectEnd(ctx, data)
}

func (t tracer) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	data.Err = tracedError(data.Err)
	t.Tracer.TraceQueryEnd(ctx, conn, data)
}

func (t tracer) TraceBatchQuery(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchQueryData) {
	data.Err = tracedError(data.Err)
	t.Tracer.TraceBatchQuery(ctx, conn, data)
}

func (t tracer) TraceBatchEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchEndData) {
	data.Err = tracedError(data.Err)
	t.Tracer.TraceBatchEnd(ctx, conn, data)
}

func (t tracer) TracePrepareEnd(ctx context.Context, conn *pgx.Conn, data pgx.TracePrepareEndData) {
	data.Err = tracedError(data.Err)
	t.Tracer.TracePrepareEnd(ctx, conn, data)
}

func (t tracer) TraceAcquireEnd(ctx context.Context, pool *pgxpool.Pool, data pgxpool.TraceAcquireEndData) {
	data.Err = tracedError(data.Err)
	t.Tracer.TraceAcquireEnd(ctx, pool, data)
}

// tracedError rewords an error. A message of the server may contain a key, so only its code is reported.
func tracedError(err error) error {
	var refused *pgconn.PgError
	var query *queryError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return &pgconn.PgError{Severity: refused.Severity, Code: refused.Code, Message: "the server refuses"}
	case errors.As(err, &query):
		return errors.New("the rows are not (key text, namespace text) or (key text, namespace text, group text)")
	}
	return plainError(err)
}
