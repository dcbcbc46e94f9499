// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// attrs are attributes in pcommon's raw form.
type attrs = map[string]any

// span is a span that a test sends. Its span ID is unique and identifies it in the sink.
type span struct {
	trace      pcommon.TraceID
	id         pcommon.SpanID
	state      string
	attributes attrs
}

var spanIDs atomic.Uint64

func newSpan(trace pcommon.TraceID, state string, attributes attrs) span {
	s := span{trace: trace, state: state, attributes: attributes}
	binary.BigEndian.PutUint64(s.id[:], spanIDs.Add(1))
	return s
}

// random returns a generator with a fixed seed.
func random() *rand.Rand { return rand.New(rand.NewPCG(20260101, 42)) }

func randomTrace(r *rand.Rand) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:8], r.Uint64())
	binary.BigEndian.PutUint64(id[8:], r.Uint64())
	return id
}

// randomSpans returns spans with the same attributes, each in its own trace.
func randomSpans(r *rand.Rand, n int, attributes attrs) []span {
	spans := make([]span, n)
	for i := range spans {
		spans[i] = newSpan(randomTrace(r), "", attributes)
	}
	return spans
}

// trace returns the trace ID that ends with the digits.
func trace(t testing.TB, digits string) (id pcommon.TraceID) {
	t.Helper()
	for len(digits) < 32 {
		digits = "0" + digits
	}
	_, err := hex.Decode(id[:], []byte(digits))
	require.NoError(t, err)
	return id
}

// traces puts spans into one scope of one resource.
func traces(t testing.TB, resource, scope attrs, spans ...span) ptrace.Traces {
	t.Helper()
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	require.NoError(t, rs.Resource().Attributes().FromRaw(resource))
	ss := rs.ScopeSpans().AppendEmpty()
	require.NoError(t, ss.Scope().Attributes().FromRaw(scope))
	for _, s := range spans {
		to := ss.Spans().AppendEmpty()
		to.SetTraceID(s.trace)
		to.SetSpanID(s.id)
		to.TraceState().FromRaw(s.state)
		to.SetName("task")
		require.NoError(t, to.Attributes().FromRaw(s.attributes))
	}
	return td
}

// outcomes holds the tracestates of kept spans, by span ID.
type outcomes map[pcommon.SpanID]string

func outcomesOf(spans []harness.Span) outcomes {
	o := outcomes{}
	for _, s := range spans {
		o[s.SpanID()] = s.TraceState().AsRaw()
	}
	return o
}

// expect adds what becomes of spans without a tracestate at a rate: T1, T2, T5, T6, with the threshold of the default
// precision.
func (o outcomes) expect(t testing.TB, rate float64, spans ...span) {
	t.Helper()
	for _, s := range spans {
		if state, kept := draw(t, rate, s.trace); kept {
			o[s.id] = state
		}
	}
}

// draw returns whether a trace is kept at a rate, and with which tracestate.
func draw(t testing.TB, rate float64, id pcommon.TraceID) (state string, kept bool) {
	t.Helper()
	switch rate {
	case 0:
		return "", false
	case 1:
		return "", true
	}
	threshold, err := sampling.ProbabilityToThresholdWithPrecision(rate, 4)
	require.NoError(t, err)
	return "ot=th:" + threshold.TValue(), threshold.ShouldSample(sampling.TraceIDToRandomness(id))
}
