// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestProblemsOfTheTelemetryAreShown(t *testing.T) {
	s, at := samplertest.StartInspected(t, samplertest.WithPostgres("postgres://127.0.0.1:1/none", map[string]any{"wait": 0}, nil))
	problems := func() []inspect.Problem {
		return samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces").Problems
	}
	assert.Equal(t, []inspect.Problem{}, problems())

	s.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{Attributes: map[string]any{"task_uuid": 42}}, samplertest.Span{Attributes: map[string]any{"task_uuid": true}},
		samplertest.Span{ID: [16]byte{1, 2, 3, 4, 5, 6, 7, 8}}))
	require.Eventually(t, func() bool { return len(problems()) > 0 }, 10*time.Second, 10*time.Millisecond, "answers are cached for a moment")
	counts := describedProblems(t, problems())
	assert.Equal(t, map[string]int64{"malformed_keys": 2, "no_randomness": 1}, counts)
}

// describedProblems returns the counts of problems by kind, and asserts that each says what follows, and where the documentation is.
func describedProblems(t *testing.T, found []inspect.Problem) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	for _, p := range found {
		counts[p.Kind] = p.Count
		assert.NotEmpty(t, p.Consequence)
		assert.NotEmpty(t, p.Setting)
		page, isOurs := strings.CutPrefix(p.Documentation, "https://github.com/otelcol-tasker/otelcol-tasker/blob/main/")
		assert.True(t, isOurs, p.Documentation)
		page, anchor, _ := strings.Cut(page, "#")
		text, err := os.ReadFile("../../../" + page)
		require.NoError(t, err)
		heading := "# " + strings.ReplaceAll(anchor, "-", " ") + "\n"
		assert.Contains(t, strings.ToLower(string(text)), heading)
	}
	return counts
}

// countOf returns the count of the problem of a kind; 0 if there is none.
func countOf(found []inspect.Problem, kind string) int64 {
	for _, p := range found {
		if p.Kind == kind {
			return p.Count
		}
	}
	return 0
}

// Items without a namespace have a rate of their own, and no row among the namespaces.
func TestTheRateOfItemsWithoutANamespaceIsShown(t *testing.T) {
	s, at := samplertest.StartInspected(t, map[string]any{
		"sample_rate": 0.5, "tracing": map[string]any{"namespaces": map[string]any{"": 1}},
	})
	s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{}))
	n := samplertest.GetJSON[inspect.Namespaces](t, at+"/namespaces")
	assert.Empty(t, n.Namespaces)
	assert.Positive(t, n.None.Traces.Recent.Kept)
	n.None.Traces.Recent = nil // it depends on the time that has passed
	assert.Equal(t, inspect.Signal{
		Rate: inspect.Rate{SampleRate: 1, Rule: "exact", Source: "signal_override"}, Counts: inspect.Counts{Kept: 1},
	}, n.None.Traces)
	assert.Equal(t, inspect.Rate{SampleRate: 0.5, Rule: "global", Source: "global"}, n.None.Metrics.Rate)
	assert.Equal(t, "", n.Overrides[0].Key)

	assert.Equal(t, inspect.Rates{"": new(1.0)},
		samplertest.GetJSON[inspect.Config](t, at+"/config").Common.Telemetry.Tracing.Namespaces)
	e := samplertest.GetJSON[inspect.Explanation](t, at+"/explain?namespace=&signal=traces")
	assert.Equal(t, inspect.Rate{SampleRate: 1, Rule: "exact", Source: "signal_override"}, e.Rate)
}
