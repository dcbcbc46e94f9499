// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// hostileAttributes returns attributes that a namespace can be read from, or looked up by.
func hostileAttributes() map[string]any {
	attributes := map[string]any{"namespace": "unknown"} // data points are sampled if they have one, even if it is missing
	switch rand.IntN(6) {
	case 0:
		attributes["namespace"] = fmt.Sprintf("team-%d", rand.IntN(100))
	case 1:
		attributes["namespace"] = strings.Repeat("x", rand.IntN(1200)) + fmt.Sprint(rand.IntN(1e6))
	case 2:
		attributes["namespace"] = "\xff\xfe" + fmt.Sprint(rand.IntN(1e6))
	case 3:
		attributes["task_uuid"] = samplertest.TaskID(rand.IntN(2 * adversaryTasks)) // half of them exist
	case 4:
		attributes["task_uuid"], attributes["correlation_id"] = "malformed", samplertest.CorrelationID(rand.IntN(1e6))
	}
	return attributes
}

func hostileTraces() ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	id := samplertest.RandomID()
	for i := range 1 + rand.IntN(50) {
		switch rand.IntN(6) {
		case 0, 1:
			id = samplertest.RandomID()
		case 2:
			id = pcommon.TraceID{1, 15: byte(rand.IntN(100))} // it comes again
		}
		s := spans.AppendEmpty()
		s.SetTraceID(id)
		s.SetSpanID([8]byte{1, byte(i)})
		s.SetParentSpanID([8]byte{1, byte(rand.IntN(i + 2))})
		s.SetKind(ptrace.SpanKind(rand.IntN(6)))
		s.Status().SetCode(ptrace.StatusCode(rand.IntN(20) / 19 * 2))
		s.TraceState().FromRaw([]string{"", "ot=th:8", "ot=rv:0123456789abcd", "ot=;;", "a=b,ot=x"}[rand.IntN(5)])
		_ = s.Attributes().FromRaw(hostileAttributes()) // strings only
	}
	return td
}

func hostileMetrics() pmetric.Metrics {
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	for range 1 + rand.IntN(5) {
		m := metrics.AppendEmpty()
		m.SetName("requests")
		sum := m.SetEmptySum()
		for range 1 + rand.IntN(20) {
			dp := sum.DataPoints().AppendEmpty()
			dp.SetIntValue(rand.Int64())
			_ = dp.Attributes().FromRaw(hostileAttributes()) // strings only
		}
	}
	return md
}

func hostileLogs() plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range 1 + rand.IntN(50) {
		r := records.AppendEmpty()
		switch rand.IntN(3) {
		case 0:
			r.SetTraceID(samplertest.RandomID())
		case 1:
			r.SetTraceID(pcommon.TraceID{1, 15: byte(rand.IntN(100))}) // spans have it, too
		}
		attributes := hostileAttributes()
		attributes["sampling.threshold"] = []any{"", "8", "\xff", 1.5, []any{"8"}, "123456789abcdef"}[rand.IntN(6)]
		attributes["sampling.randomness"] = []any{"", "0123456789abcd", true, nil, map[string]any{"a": "b"}}[rand.IntN(5)]
		if err := r.Attributes().FromRaw(attributes); err != nil {
			panic(err)
		}
	}
	return ld
}
