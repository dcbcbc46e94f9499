// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

func tableOf(t *testing.T, global float64, overrides map[string]float64) *rate.Table {
	t.Helper()
	spec := rate.Spec{Signal: rate.Traces, Global: global, Precision: 4}
	for key, probability := range overrides {
		spec.Overrides = append(spec.Overrides, rate.Override{
			Key: key, Signal: rate.All, Source: rate.SharedOverride, Probability: probability,
		})
	}
	table, err := rate.NewTable(spec)
	require.NoError(t, err)
	return table
}

func counter(t *testing.T) metric.Int64Counter {
	t.Helper()
	c, err := noop.Meter{}.Int64Counter("items")
	require.NoError(t, err)
	return c
}

func TestNamespacesHaveTheRateAndRuleOfTheTable(t *testing.T) {
	n := NewNamespaces(labels.Spans, labels.New(10, nil))
	table := tableOf(t, 0.5, map[string]float64{"payments": 1, "r*": 0.25})
	assert.True(t, n.Begin(table), "another table than before")
	assert.Same(t, table, n.Table())
	for name, want := range map[string]struct {
		probability float64
		rule        labels.Rule
	}{
		"payments": {1, labels.Exact}, "rust": {0.25, labels.Pattern}, "other": {0.5, labels.Global}, "": {0.5, labels.Global},
	} {
		ns := n.Of(name)
		assert.InDelta(t, want.probability, ns.Rate.Probability, 0, name)
		assert.Equal(t, want.rule, ns.Rule, name)
		assert.Same(t, ns, n.Of(name), "remembered")
	}

	assert.False(t, n.Begin(table))
	assert.True(t, n.Begin(tableOf(t, 1, map[string]float64{"payments": 0})))
	assert.InDelta(t, 0, n.Of("payments").Rate.Probability, 0)
	assert.InDelta(t, 1, n.Of("rust").Rate.Probability, 0)
}

// Registered namespaces get labels while batches are processed.
func TestNamespacesAreCountedUnderALabelThatIsReservedLater(t *testing.T) {
	set := labels.New(0, nil)
	for i := 0; set.Of(fmt.Sprint(i)) != set.Other(); i++ { // until no more namespaces are told apart
	}
	n := NewNamespaces(labels.Spans, set)
	table := tableOf(t, 1, nil)
	n.Begin(table)
	require.Same(t, set.Other(), n.Of("registered").Counters.Label)
	n.Report(t.Context(), counter(t))

	set.Reserve([]string{"registered"}, 1)
	assert.False(t, n.Begin(table), "the table is the same")
	n.Of("registered").Counters.Count(labels.Global, true)
	n.Report(t.Context(), counter(t))
	assert.EqualValues(t, 1, set.Of("registered").Kept(labels.Spans))
	assert.Zero(t, set.Other().Kept(labels.Spans))
}

func TestCountersAreReportedOnce(t *testing.T) {
	set := labels.New(1, nil)
	n := NewNamespaces(labels.DataPoints, set)
	n.Begin(tableOf(t, 1, nil))
	for _, name := range []string{"a", "b", "c", "a"} { // b and c are counted as _other, but told apart
		n.Of(name).Counters.Count(labels.Global, true)
	}
	n.CountersOf(set.Of("b")).Count(labels.Trace, false)
	for range 2 {
		n.Report(t.Context(), counter(t))
	}
	assert.EqualValues(t, 2, set.Of("a").Kept(labels.DataPoints))
	assert.EqualValues(t, 1, set.Of("b").Kept(labels.DataPoints))
	assert.EqualValues(t, 1, set.Of("b").Dropped(labels.DataPoints))
	assert.Zero(t, set.Of("a").Kept(labels.Spans))
}

func TestRememberedNamespacesAreBounded(t *testing.T) {
	set := labels.New(10, nil)
	n := NewNamespaces(labels.Spans, set)
	n.Begin(tableOf(t, 1, nil))
	for i := range 10 {
		n.Of(strings.Repeat("x", maxKnownBytes/4)+fmt.Sprint(i)).Counters.Count(labels.Global, true)
		n.Report(t.Context(), counter(t))
		assert.LessOrEqual(t, len(n.known), 4)
	}
	assert.EqualValues(t, 10, set.Of(strings.Repeat("x", maxKnownBytes)).Kept(labels.Spans), "nothing is lost")
}
