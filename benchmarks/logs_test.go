// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/probabilisticsamplerprocessor"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
)

// onLogs returns the name of a contender on log records.
func onLogs(name string) string { return name + "_on_logs" }

// oursOnLogs returns the processor for log records, at rate 0.1. keys are added to the configuration.
func oursOnLogs(keys settings) logProcessor {
	return logProcessor{name: onLogs("ours"), factory: namespacesampler.NewFactory(), keys: ours(keys).keys}
}

// remembering returns the processor that has had the spans of a shape first, and remembers their traces for as long as it is measured.
func (p logProcessor) remembering(s spanShape) logProcessor {
	p.keys["tracing"] = settings{"trace_memory": settings{"ttl": "1h"}}
	p.before = []ptrace.Traces{s.batch(), s.twice().batch()}
	return p
}

// named returns the processor under another name.
func (p logProcessor) named(name string) logProcessor {
	p.name = name
	return p
}

// samplerOnLogs returns the peer that samples by trace ID, or by the randomness that a record carries. It reads no namespace.
func samplerOnLogs(mode string, percentage float32) logProcessor {
	return logProcessor{
		name: onLogs("probabilistic_sampler"), factory: probabilisticsamplerprocessor.NewFactory(),
		keys: settings{"sampling_percentage": percentage, "mode": mode},
	}
}

// logs returns a log record for each span of the batch, with the trace, the span and the attributes of the span. What the tracestate tells
// of earlier sampling is one of the attributes, the last but one.
func (s spanShape) logs() plog.Logs { return logsOf(s.batch()) }

func logsOf(td ptrace.Traces) plog.Logs {
	ld := plog.NewLogs()
	for _, rs := range td.ResourceSpans().All() {
		rl := ld.ResourceLogs().AppendEmpty()
		rs.Resource().CopyTo(rl.Resource())
		for _, ss := range rs.ScopeSpans().All() {
			records := rl.ScopeLogs().AppendEmpty().LogRecords()
			for _, span := range ss.Spans().All() {
				logOf(span, records.AppendEmpty())
			}
		}
	}
	return ld
}

func logOf(span ptrace.Span, record plog.LogRecord) {
	record.SetTraceID(span.TraceID())
	record.SetSpanID(span.SpanID())
	record.SetSeverityNumber(plog.SeverityNumberInfo)
	record.SetSeverityText("INFO")
	record.Body().SetStr("step completed")
	record.Attributes().EnsureCapacity(span.Attributes().Len())
	n := 0
	for key, value := range span.Attributes().All() {
		if n++; n == span.Attributes().Len()-1 && span.TraceState().AsRaw() == sampledByHalf {
			record.Attributes().PutStr("sampling.threshold", "8")
			continue
		}
		value.CopyTo(record.Attributes().PutEmpty(key))
	}
}

// spanIDsOfRecords returns the IDs of the spans of the log records of a batch, in order.
func spanIDsOfRecords(ld plog.Logs) []pcommon.SpanID {
	ids := []pcommon.SpanID{}
	for _, record := range recordsOf(ld) {
		ids = append(ids, record.SpanID())
	}
	return ids
}

// recordsOf returns the log records of a batch, in order.
func recordsOf(ld plog.Logs) (all []plog.LogRecord) {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				all = append(all, record)
			}
		}
	}
	return all
}
