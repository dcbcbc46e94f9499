// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func matchesSpan(t *testing.T, s *Set[Span], span ptrace.Span) bool {
	t.Helper()
	item := NewSpan(ptrace.NewResourceSpans(), ptrace.NewScopeSpans(), span)
	defer item.Close()
	return s.Match(t.Context(), item)
}

func TestASpanMatchesIfAnyConditionDoes(t *testing.T) {
	s, err := Spans("always_keep", []string{
		`span.status.code == STATUS_CODE_ERROR`,
		`IsRootSpan() and span.attributes["http.route"] == "/login"`,
	}, nil)
	require.NoError(t, err)
	require.False(t, s.IsEmpty())

	failed, login, other := ptrace.NewSpan(), ptrace.NewSpan(), ptrace.NewSpan()
	failed.Status().SetCode(ptrace.StatusCodeError)
	login.Attributes().PutStr("http.route", "/login")
	assert.True(t, matchesSpan(t, s, failed))
	assert.True(t, matchesSpan(t, s, login))
	assert.False(t, matchesSpan(t, s, other))
}

func TestIsRootSpanMatchesSpansWithoutAParent(t *testing.T) {
	s, err := Spans("always_keep", []string{`IsRootSpan()`}, nil)
	require.NoError(t, err)

	root, child := ptrace.NewSpan(), ptrace.NewSpan()
	child.SetParentSpanID([8]byte{1})
	assert.True(t, matchesSpan(t, s, root))
	assert.False(t, matchesSpan(t, s, child))
}

func TestWithoutConditionsNothingMatches(t *testing.T) {
	s, err := Spans("internal", nil, nil)
	require.NoError(t, err)
	assert.True(t, s.IsEmpty())
	assert.False(t, matchesSpan(t, s, ptrace.NewSpan()))
}

func TestMetricsMatchByTheirName(t *testing.T) {
	s, err := Metrics("match", []string{`IsMatch(metric.name, "^tasker[.]")`}, nil)
	require.NoError(t, err)
	for name, want := range map[string]bool{"tasker.tasks.active": true, "process.cpu": false} {
		metric := pmetric.NewMetric()
		metric.SetName(name)
		item := NewMetric(pmetric.NewResourceMetrics(), pmetric.NewScopeMetrics(), metric)
		assert.Equal(t, want, s.Match(t.Context(), item), name)
		item.Close()
	}
}

func TestAllConditionsThatDoNotCompileAreReportedEachOnALine(t *testing.T) {
	_, err := Spans("tracing::always_keep", []string{
		`span.name == "fine"`, `span.name ==`, `name == "x"`, `Nope(span.name)`, `set(span.name, "x")`, ``,
	}, nil)
	require.Error(t, err)
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	var lines []string
	for _, e := range joined.Unwrap() {
		lines = append(lines, e.Error())
		assert.NotContains(t, e.Error(), "\n")
	}
	require.Len(t, lines, 5)
	assert.Contains(t, lines[0], `tracing::always_keep::1: must be an OTTL condition, got "span.name =="`)
	assert.Contains(t, lines[1], `tracing::always_keep::2`)
	assert.Contains(t, lines[1], "span.name", "it says what the path should have been")
	assert.Contains(t, lines[2], `tracing::always_keep::3`)
	assert.Contains(t, lines[3], `tracing::always_keep::4`)
	assert.Contains(t, lines[4], `tracing::always_keep::5: must be an OTTL condition, got ""`)
}

func TestAConditionThatFailsCountsAsNotMatching(t *testing.T) {
	var failures []Failure
	s, err := Spans("always_keep", []string{
		`ParseJSON(span.attributes["body"])["level"] == "error"`,
		`span.name == "kept"`,
	}, func(f Failure) { failures = append(failures, f) })
	require.NoError(t, err)

	span := ptrace.NewSpan()
	span.Attributes().PutStr("body", "no JSON")
	assert.False(t, matchesSpan(t, s, span))
	span.SetName("kept")
	assert.True(t, matchesSpan(t, s, span), "the others are still asked")

	require.Len(t, failures, 2)
	assert.Regexp(t, `::0$`, failures[0].Key)
	require.Error(t, failures[0].Err)
	assert.True(t, failures[0].First)
	assert.False(t, failures[1].First)
}
