// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// The tests of this file are run by `make compat` with each release of the Collector, and need nothing but this module.

var smokeID = pcommon.TraceID{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36}

func TestSmokeSpansAreDecidedByTraceID(t *testing.T) { // T1, T2, T4 to T6
	for _, c := range []struct {
		rate       float64
		tracestate string
		want       []string // the tracestates of kept spans
	}{
		{0.5, "", []string{"ot=th:8"}},
		{0.1, "", nil},
		{1. / 3, "", []string{"ot=th:aaab"}},
		{0.25, "congo=t61,ot=th:8,rojo=00f0", []string{"ot=th:c,congo=t61,rojo=00f0"}},
		{0.25, "ot=rv:00000000000000", nil},
		{1, "x:y", []string{"x:y"}},
	} {
		t.Run(fmt.Sprintf("rate %g, tracestate %q", c.rate, c.tracestate), func(t *testing.T) {
			s := samplertest.Start(t, map[string]any{"namespaces": map[string]any{"payments": c.rate}})
			var kept []string
			for _, span := range s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{
				ID: smokeID, Tracestate: c.tracestate, Attributes: map[string]any{"namespace": "payments"},
			})) {
				kept = append(kept, span.TraceState().AsRaw())
			}
			assert.Equal(t, c.want, kept)
		})
	}
}

func TestSmokeConditionsKeepRootSpans(t *testing.T) { // T17
	s := samplertest.Start(t, map[string]any{
		"sample_rate": 0,
		"tracing":     map[string]any{"always_keep": []any{`IsRootSpan() and IsMatch(span.attributes["route"], "^/login")`}},
	})
	login := map[string]any{"route": "/login/form"}
	kept := s.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{Root: true, Attributes: login}, samplertest.Span{Attributes: login}, samplertest.Span{Root: true}))
	require.Len(t, kept, 1)
	assert.True(t, kept[0].ParentSpanID().IsEmpty())
	assert.Equal(t, login, kept[0].Attributes().AsRaw())
}

func TestSmokeSeriesAreKeptWhole(t *testing.T) { // M1, M2
	const series, batches = 200, 3
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("work")
	for i := range series {
		attributes := samplertest.AppendPoint(m, pmetric.MetricTypeSum)
		attributes.PutInt("series", int64(i))
		attributes.PutStr("namespace", "payments")
	}
	s := samplertest.Start(t, map[string]any{
		"sample_rate": 0.5,
		"metrics":     map[string]any{"detailed": map[string]any{"match": []any{`metric.name == "work"`}}},
	})
	points := map[int64]int{}
	for range batches {
		batch := pmetric.NewMetrics()
		md.CopyTo(batch)
		kept := s.ConsumeMetrics(batch)
		require.NotNil(t, kept)
		for _, dp := range samplertest.MetricOf(*kept).Sum().DataPoints().All() {
			assert.Equal(t, int64(7), dp.IntValue(), "cumulative values are unchanged")
			i, _ := dp.Attributes().Get("series")
			points[i.Int()]++
		}
	}
	for i, n := range points {
		assert.Equal(t, batches, n, "points of series %d", i)
	}
	assert.InDelta(t, series/2, len(points), 25) // which are kept is determined by their identity
}

func TestSmokeLogRecordsAreDecidedByTraceID(t *testing.T) { // L2, L4, T17
	s := samplertest.Start(t, map[string]any{
		"namespaces": map[string]any{"payments": 0.5, "analytics": 0.1},
		"logs":       map[string]any{"always_keep": []any{`log.severity_number >= SEVERITY_NUMBER_ERROR`}},
	})
	in := func(namespace string) map[string]any { return map[string]any{"namespace": namespace} }
	kept := s.ConsumeLogs(samplertest.LogsOf(t,
		samplertest.Record{ID: smokeID, Attributes: in("payments")},
		samplertest.Record{ID: smokeID, Attributes: in("analytics")},
		samplertest.Record{ID: smokeID, Attributes: in("analytics"), Severity: plog.SeverityNumberError},
	))
	require.Len(t, kept, 2)
	assert.Equal(t, map[string]any{"namespace": "payments", "sampling.threshold": "8"}, kept[0].Attributes().AsRaw())
	assert.Equal(t, in("analytics"), kept[1].Attributes().AsRaw())
}
