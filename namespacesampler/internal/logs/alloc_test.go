// SPDX-License-Identifier: Apache-2.0

//go:build !race

package logs_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// lowest and highest are trace IDs of the least randomness, which every rate below 1 drops, and of the most, which every rate above 0 keeps.
var (
	lowest  = [16]byte{0: 1}
	highest = [16]byte{0: 1, 9: 0xff, 10: 0xff, 11: 0xff, 12: 0xff, 13: 0xff, 14: 0xff, 15: 0xff}
)

func TestDroppedAndUntouchedRecordsAllocateNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		id       [16]byte
		settings settings
		change   func(plog.LogRecord)
	}{
		"dropped by its trace ID":              {lowest, settings{"sample_rate": 0.1}, nil},
		"dropped by a rate of 0":               {highest, settings{"sample_rate": 0}, nil},
		"dropped by a rate for log records":    {highest, settings{"logs": settings{"sample_rate": 0}}, nil},
		"dropped because logs are disabled":    {highest, settings{"logs": settings{"enabled": false}}, nil},
		"dropped by its group":                 {lowest, settings{"sample_rate": 0.1, "consistent_by": []any{"correlation_id"}}, put("correlation_id", "order-4711")},
		"dropped by its randomness":            {highest, settings{"sample_rate": 0.1}, put("sampling.randomness", "e6650000000000")},
		"dropped though it was sampled before": {[16]byte{0: 1, 9: 0x80}, settings{"sample_rate": 0.1}, put("sampling.threshold", "8")},
		"dropped in proportional mode": {
			[16]byte{0: 1, 9: 0x80}, settings{"sample_rate": 0.1, "tracing": settings{"mode": "proportional"}}, put("sampling.threshold", "8"),
		},
		"dropped by the rate of its trace": {lowest, settings{"sample_rate": 0.1, "namespaces": settings{"payments": 0.2}}, remove("namespace")},
		"untouched at a rate of 1":         {lowest, nil, nil},
		"untouched and sampled before":     {highest, nil, put("sampling.threshold", "8")},
		"untouched because it is always kept": {
			lowest, settings{"sample_rate": 0.1, "logs": settings{"always_keep": []any{"log.severity_number >= SEVERITY_NUMBER_ERROR"}}}, fail,
		},
		"untouched in a trace that is kept whole": {
			lowest, settings{"sample_rate": 0.1, "tracing": settings{"always_keep_traces": []any{`span.name == "checkout"`}}}, nil,
		},
	} {
		for _, sampler := range []string{"parent_based", "trace_id_ratio"} {
			if sampler == "trace_id_ratio" && tt.settings["tracing"] != nil {
				continue
			}
			t.Run(name+", "+sampler, func(t *testing.T) {
				s := settings{"tracing": settings{"sampler": sampler}}
				for key, value := range tt.settings {
					s[key] = value
				}
				traces, logs := samplertest.BareWithLogs(t, s)
				require.NoError(t, traces.ConsumeTraces(t.Context(), spanOf(tt.id)))
				data := samplertest.BenchLogs()
				for _, record := range samplertest.RecordsOf(data) {
					record.SetTraceID(tt.id)
					if tt.change != nil {
						tt.change(record)
					}
				}
				samplertest.AssertAllocates(t, 0, func() plog.Logs {
					batch := plog.NewLogs()
					data.CopyTo(batch)
					return batch
				}, logs.ConsumeLogs)
			})
		}
	}
}

func put(name, value string) func(plog.LogRecord) {
	return func(record plog.LogRecord) { record.Attributes().PutStr(name, value) }
}

func remove(name string) func(plog.LogRecord) {
	return func(record plog.LogRecord) { record.Attributes().Remove(name) }
}

func fail(record plog.LogRecord) { record.SetSeverityNumber(plog.SeverityNumberError) }

// spanOf returns a span that has its trace remembered.
func spanOf(id [16]byte) ptrace.Traces {
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(id)
	span.SetName("checkout")
	span.Attributes().PutStr("namespace", "payments")
	return td
}
