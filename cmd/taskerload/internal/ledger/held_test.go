// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// holding returns a ledger for a processor that holds spans. It drops spans without a namespace, and keeps those of payments.
func holding() *Spans {
	return NewSpans(oracle.New(oracle.Config{
		SpanRates: oracle.Rates{Global: 0, Exact: map[string]float64{"payments": 1}}, Precision: 4,
		RatePerTrace: true, Inherit: true, Hold: true, KeepFailedTraces: true,
	}, nil))
}

// of is a request with a span of a trace.
func of(trace, span byte, namespace string) ptrace.Traces {
	request := ptrace.NewTraces()
	s := request.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetTraceID(pcommon.TraceID{trace})
	s.SetSpanID(pcommon.SpanID{trace, span})
	if namespace != "" {
		s.Attributes().PutStr("namespace", namespace)
	}
	return request
}

func TestASpanThatIsHeldHasTheOutcomeThatALaterRequestGivesIt(t *testing.T) { // T19
	t.Parallel()
	l := holding()
	l.Send(of(1, 1, ""))
	l.Send(of(2, 1, ""))
	assert.Equal(t, Progress{Sent: 2}, l.Progress())
	l.Send(of(1, 2, "payments"))
	assert.Equal(t, Progress{Sent: 3, Outstanding: 2}, l.Progress())
	l.Receive(of(1, 1, "payments")) // it was written
	l.Receive(of(1, 2, "payments"))

	s, traces := l.Settle()
	assert.Empty(t, s.Examples)
	assert.Equal(t, 2, s.Held)
	assert.Equal(t, 1, s.Waiting)
	assert.Equal(t, map[oracle.Counter]int{
		{Namespace: "payments", Decision: "kept", Rule: oracle.RuleExact}:  1,
		{Namespace: "payments", Decision: "kept", Rule: oracle.RuleTrace}:  1,
		{Namespace: "_none", Decision: "dropped", Rule: oracle.RuleGlobal}: 1,
	}, s.Counters)
	assert.Equal(t, map[oracle.Source]int{oracle.FromAttribute: 1, oracle.FromNothing: 2}, s.Sources)
	assert.Len(t, s.Rows, 2)
	payments := s.Rows["payments"]
	assert.Equal(t, 2, payments.Sent)
	assert.Equal(t, 2, payments.Kept)
	assert.Equal(t, 1, payments.ByTrace)
	assert.InDelta(t, 2, payments.WeightSent, 0)
	assert.InDelta(t, 2, payments.WeightKept, 0)
	assert.Equal(t, 1, s.Rows[oracle.LabelNone].Sent)
	assert.Equal(t, map[Draw]int{{Rate: 0}: 1}, s.Rows[oracle.LabelNone].Draws)

	one := traces[pcommon.TraceID{1}]
	assert.Equal(t, "payments", one.Namespace)
	assert.Zero(t, one.Unresolved)
	assert.True(t, one.Complete())
	assert.Equal(t, 1, traces[pcommon.TraceID{2}].Unresolved)
}

func TestARowWhoseSpansAllWaitedForAnotherIsNotShown(t *testing.T) {
	t.Parallel()
	l := holding()
	l.Send(of(1, 1, ""))
	l.Send(of(1, 2, "orders"))
	s, _ := l.Settle()
	assert.NotContains(t, s.Rows, oracle.LabelNone)
	assert.Equal(t, 2, s.Rows["orders"].Sent)
	assert.Len(t, s.Counters, 2, "none of what was expected at first")
}

func TestASpanThatWasLetGoTooEarlyIsAFault(t *testing.T) { // T19
	t.Parallel()
	l := NewSpans(oracle.New(oracle.Config{
		SpanRates: oracle.Rates{Global: 1}, Precision: 4, RatePerTrace: true, Inherit: true, Hold: true,
	}, nil))
	l.Send(of(1, 1, ""))
	l.Receive(of(1, 1, "")) // as if its wait had ended
	l.Send(of(1, 2, "payments"))
	l.Receive(of(1, 2, "payments"))
	s, _ := l.Settle()
	assert.Equal(t, 1, s.Sum((*Row).Faults))
	require.Len(t, s.Examples, 1)
	assert.Contains(t, s.Examples[0], "arrived before the request that decides it was sent")
}

func TestASpanThatIsNeverLetGoIsMissing(t *testing.T) { // T19
	t.Parallel()
	l := holding()
	l.Send(of(1, 1, ""))
	l.Send(of(1, 2, "payments"))
	l.Receive(of(1, 2, "payments"))
	s, _ := l.Settle()
	assert.Equal(t, 1, s.Sum(func(r *Row) int { return r.Missing }))
}

func TestTheTimeThatATraceIsHeldEndsWithTheAnswerToTheRequestThatDecidesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := holding()
		exchange := func(request ptrace.Traces) {
			l.Send(request)
			time.Sleep(time.Second)
			l.Answered(request)
			time.Sleep(time.Second)
		}
		exchange(of(1, 1, ""))
		exchange(of(2, 1, "payments"))
		assert.Zero(t, l.LongestHeld(), "nothing decided it")
		exchange(of(1, 2, ""))
		exchange(of(1, 3, "payments"))
		assert.Equal(t, 7*time.Second, l.LongestHeld())
		exchange(of(1, 4, ""))
		exchange(of(3, 1, ""))
		exchange(of(3, 2, "orders"))
		assert.Equal(t, 7*time.Second, l.LongestHeld())
	})
}
