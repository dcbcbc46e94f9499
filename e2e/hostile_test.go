// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// keepsAll is a configuration that keeps all test spans: by rate 1, or by a rate below 1 at which their trace is kept. Many spans
// share a trace, so each is sampled by its own namespace.
const keepsAll = "{sample_rate: 1, namespaces: {half: 0.5}, tracing: {sampler: trace_id_ratio}}"

// keptTrace is kept at any rate above 0: its randomness is the maximum.
const keptTrace = "ffffffffffffff"

const invalidUTF8 = "\xff\xfe\x80abc"

func TestHostileSpansAreNeitherLostNorHarmful(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Processor: keepsAll, Sink: sink})
	client := harness.NewClient(t, collector)
	mega := strings.Repeat("x", 1<<20)
	nested := attrs{"a": []any{attrs{"b": []any{[]byte{1}, 2.5, true, nil}}}}

	var sent []span
	for _, state := range []string{
		"x", "=", "ot=", "ot=;", "ot=th", "ot=th:", "ot=th:8;;", "ot=TH:8", "ot=th:8;th:4", "ot=rv:1", "ot=rv:zzzzzzzzzzzzzz",
		",,,,", ",ot=th:0", "ot=th:00000000000000", "ot=th:000000000000001", "ot =th:8", "a=b,a=b", "a=\x00", "ü=1", invalidUTF8,
		strings.Repeat("a=b,", 40), strings.Repeat("y", 2000), mega, "ot=x:" + mega, "\n", "a= b ,ot=p:1",
	} {
		for _, name := range []string{"half", "whole"} {
			sent = append(sent, newSpan(trace(t, keptTrace), state, attrs{"namespace": name}))
		}
	}
	for _, value := range []any{
		int64(1), 2.5, true,
		[]byte{0xff},
		nested,
		[]any{"a", nil, int64(1)},
		nil, "", " ", mega, invalidUTF8,
		"a\x00b", "_other", "_none", `"quoted"`, "new\nline", "a,b=c", "{}", strings.Repeat("é", 100),
	} {
		sent = append(sent, newSpan(trace(t, keptTrace), "", attrs{"namespace": value, "big": mega[:1000], invalidUTF8: "v"}))
	}
	sent = append(
		sent,
		newSpan(pcommon.TraceID{}, "", nil),
		newSpan(pcommon.TraceID{}, "ot=rv:ffffffffffffff", attrs{"namespace": "half"}),
		newSpan(trace(t, keptTrace), "", attrs{"other": mega}),
		newSpan(trace(t, keptTrace), "", attrs{"namespace": "half", "task_uuid": nested}),
	)
	client.Traces(traces(t, nil, nil, sent[:len(sent)/2]...))
	client.Traces(traces(t, attrs{"big": mega}, attrs{"namespace": int64(3)}, sent[len(sent)/2:]...))

	got := sink.Spans()
	require.Len(t, got, len(sent))
	for i, s := range got {
		assert.Equal(t, sent[i].id, s.SpanID(), "order is preserved")
		if sent[i].attributes["namespace"] == "whole" {
			assert.Equal(t, sent[i].state, s.TraceState().AsRaw(), "rate 1 changes nothing (T5)")
		}
	}
	assertCountedOnce(t, collector, "spans", len(sent), len(sent))
	for name := range collector.Scrape().Values(harness.Prefix+"spans", "sampling_namespace") {
		assert.True(t, utf8.ValidString(name))
		assert.LessOrEqual(t, len(name), 128+2, "a long namespace is truncated")
	}
	assertStillAnswers(t, client, sink)
}

func TestInvalidTracestatesDoNotAffectSampling(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	client := harness.NewClient(t, harness.Start(t, harness.Options{Processor: "sample_rate: 0.5", Sink: sink}))
	r := random()
	want := outcomes{}
	var sent []span
	for _, state := range []string{"x:y", "ot=th:zz", "ot=rv:12", "ot=th:f,ot=th:f", "a=b,,=", "ot=th:8;th:8", "ot=rv:ffffffffffffff;rv:ffffffffffffff"} {
		for range 40 {
			s := newSpan(randomTrace(r), state, nil)
			sent = append(sent, s)
			if _, kept := draw(t, 0.5, s.trace); kept {
				want[s.id] = state // unchanged (T8)
			}
		}
	}
	client.Traces(traces(t, nil, nil, sent...))
	assert.Equal(t, want, outcomesOf(sink.Spans()))
}

func TestSpansWithoutATraceIDAreSampledIndividually(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	client := harness.NewClient(t, harness.Start(t, harness.Options{Processor: "sample_rate: 0.3", Sink: sink}))
	sent := make([]span, 5000)
	for i := range sent {
		sent[i] = newSpan(pcommon.TraceID{}, "", nil)
	}
	client.Traces(traces(t, nil, nil, sent...))
	assertShare(t, len(sink.Spans()), len(sent), 0.3, "spans without a trace ID")
	for _, s := range sink.Spans() {
		assert.Empty(t, s.TraceState().AsRaw(), "without a trace ID there is no threshold (T9)")
	}
}

func TestEmptyRequestsAreAccepted(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	client := harness.NewClient(t, harness.Start(t, harness.Options{Processor: keepsAll, Sink: sink}))
	td := ptrace.NewTraces()
	client.Traces(td)
	td.ResourceSpans().AppendEmpty()
	client.Traces(td)
	td.ResourceSpans().At(0).ScopeSpans().AppendEmpty()
	client.Traces(td)
	md := pmetric.NewMetrics()
	client.Metrics(md)
	md.ResourceMetrics().AppendEmpty()
	client.Metrics(md)
	md.ResourceMetrics().At(0).ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	client.Metrics(md)
	ld := plog.NewLogs()
	client.Logs(ld)
	ld.ResourceLogs().AppendEmpty()
	client.Logs(ld)
	ld.ResourceLogs().At(0).ScopeLogs().AppendEmpty()
	client.Logs(ld)
	assertStillAnswers(t, client, sink)
}

func TestHostilePointsAreNeitherLostNorHarmful(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Processor: keepsAll, Sink: sink})
	md := hostileMetrics(t)
	want := harness.PointsOf(md)
	client := harness.NewClient(t, collector)
	client.Metrics(md)
	got := sink.Points()
	require.Len(t, got, len(want))
	for i := range want {
		assert.Equal(t, digest(encodedPoint(t, want[i])), digest(encodedPoint(t, got[i])), "point %d", i)
	}
	assertCountedOnce(t, collector, "datapoints", len(want), len(want))
	assertStillAnswers(t, client, sink)
}

func TestHostilePointsAreSampledConsistently(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	client := harness.NewClient(t, harness.Start(t, harness.Options{Processor: "sample_rate: 0.5", Sink: sink}))
	var first []string
	for round := range 3 {
		sink.Reset()
		client.Metrics(hostileMetrics(t))
		var kept []string
		for _, p := range sink.Points() {
			kept = append(kept, digest(encodedPoint(t, p)))
		}
		if round == 0 {
			first = kept
			require.NotEmpty(t, first)
			continue
		}
		assert.Equal(t, first, kept)
	}
}

// digest abbreviates texts that are too long for a failure message.
func digest(text string) string {
	return fmt.Sprintf("%d bytes, %x", len(text), sha256.Sum256([]byte(text)))
}

func hostileMetrics(t testing.TB) pmetric.Metrics {
	t.Helper()
	mega := strings.Repeat("x", 1<<20)
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	gauge := metrics.AppendEmpty()
	gauge.SetName(invalidUTF8)
	points := gauge.SetEmptyGauge().DataPoints()
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, math.Copysign(0, -1)} {
		dp := points.AppendEmpty()
		dp.SetDoubleValue(v)
		dp.Attributes().PutStr("namespace", "whole")
		dp.Attributes().PutDouble("attribute", v)
	}
	for _, v := range []any{int64(1), []byte{1, 0xff}, attrs{"m": []any{nil}}, []any{}, true, nil, mega, invalidUTF8, ""} {
		dp := points.AppendEmpty()
		for _, key := range []string{"namespace", "other", "task_uuid"} { // FromRaw inserts in random order
			require.NoError(t, dp.Attributes().PutEmpty(key).FromRaw(v))
		}
	}
	points.AppendEmpty().SetIntValue(math.MinInt64)
	points.AppendEmpty() // neither value nor attributes
	points.AppendEmpty().SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))

	histogram := metrics.AppendEmpty()
	histogram.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	dp := histogram.Histogram().DataPoints().AppendEmpty() // counts that do not add up, bounds that do not fit
	dp.Attributes().PutStr("namespace", "whole")
	dp.SetCount(math.MaxUint64)
	dp.SetSum(math.NaN())
	dp.BucketCounts().FromRaw([]uint64{1})
	dp.ExplicitBounds().FromRaw([]float64{math.Inf(1), 3, math.NaN()})

	exponential := metrics.AppendEmpty()
	exponential.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporality(77))
	xp := exponential.ExponentialHistogram().DataPoints().AppendEmpty()
	xp.SetScale(math.MaxInt32)
	xp.Positive().SetOffset(math.MinInt32)
	xp.Attributes().PutStr("namespace", "whole")
	summary := metrics.AppendEmpty()
	summary.SetEmptySummary().DataPoints().AppendEmpty().QuantileValues().AppendEmpty().SetQuantile(math.NaN())
	return md
}

// assertStillAnswers asserts that the collector processes ordinary requests.
func assertStillAnswers(t testing.TB, client *harness.Client, sink *harness.Sink) {
	t.Helper()
	sink.Reset()
	client.Traces(traces(t, nil, nil, newSpan(trace(t, vectorA), "", attrs{"namespace": "half"})))
	require.Len(t, sink.Spans(), 1)
	assert.Equal(t, "ot=th:8", sink.Spans()[0].TraceState().AsRaw())
	record := newRecord(trace(t, vectorA), attrs{"namespace": "half"})
	client.Logs(logs(t, nil, nil, record))
	assert.Equal(t, stamps{record.time: {"8", nil}}, stampsOf(sink.Records()))
}
