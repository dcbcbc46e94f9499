// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"context"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottllog"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlmetric"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlspan"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/ottlfuncs"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
)

// All names of OTTL that change between releases are in this file, so that tools/update-otel.sh can rename them.

// Span is a span that conditions are evaluated on. It must be closed.
type Span = *ottlspan.TransformContext

// NewSpan returns a span for evaluation.
func NewSpan(rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span) Span {
	return ottlspan.NewTransformContextPtr(rs, ss, span)
}

// Metric is a metric that conditions are evaluated on. It must be closed.
type Metric = *ottlmetric.TransformContext

// NewMetric returns a metric for evaluation.
func NewMetric(rm pmetric.ResourceMetrics, sm pmetric.ScopeMetrics, m pmetric.Metric) Metric {
	return ottlmetric.NewTransformContextPtr(rm, sm, m)
}

// LogRecord is a log record that conditions are evaluated on. It must be closed.
type LogRecord = *ottllog.TransformContext

// NewLogRecord returns a log record for evaluation.
func NewLogRecord(rl plog.ResourceLogs, sl plog.ScopeLogs, record plog.LogRecord) LogRecord {
	return ottllog.NewTransformContextPtr(rl, sl, record)
}

// settings of the parsers. Conditions report failures by the errors that they return, so nothing is logged.
var settings = component.TelemetrySettings{Logger: zap.NewNop()}

func spanParser() (ottl.Parser[Span], error) {
	functions := ottlfuncs.StandardConverters[Span]()
	isRoot := isRootSpanFactory()
	functions[isRoot.Name()] = isRoot
	return ottlspan.NewParser(functions, settings, ottlspan.EnablePathContextNames())
}

// isRootSpanFactory returns the converter IsRootSpan. The constructor of OTTL's own has different names in different releases.
func isRootSpanFactory() ottl.Factory[Span] {
	return ottl.NewFactory("IsRootSpan", nil, func(ottl.FunctionContext, ottl.Arguments) (ottl.ExprFunc[Span], error) {
		return func(_ context.Context, s Span) (any, error) { return s.GetSpan().ParentSpanID().IsEmpty(), nil }, nil
	})
}

func metricParser() (ottl.Parser[Metric], error) {
	return ottlmetric.NewParser(ottlfuncs.StandardConverters[Metric](), settings, ottlmetric.EnablePathContextNames())
}

func logRecordParser() (ottl.Parser[LogRecord], error) {
	return ottllog.NewParser(ottlfuncs.StandardConverters[LogRecord](), settings, ottllog.EnablePathContextNames())
}
