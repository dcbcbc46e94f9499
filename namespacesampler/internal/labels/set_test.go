// SPDX-License-Identifier: Apache-2.0

package labels

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// counter returns a counter, and a function that returns what it has counted by "sampling_namespace decision rule".
func counter(t *testing.T) (metric.Int64Counter, func() map[string]int64) {
	t.Helper()
	reader := sdkmetric.NewManualReader()
	items, err := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test").Int64Counter("items")
	require.NoError(t, err)
	return items, func() map[string]int64 {
		var rm metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(t.Context(), &rm))
		counted := map[string]int64{}
		for _, sm := range rm.ScopeMetrics {
			for _, m := range sm.Metrics {
				for _, dp := range m.Data.(metricdata.Sum[int64]).DataPoints {
					name, _ := dp.Attributes.Value("sampling_namespace")
					decision, _ := dp.Attributes.Value("decision")
					rule, _ := dp.Attributes.Value("rule")
					counted[name.AsString()+" "+decision.AsString()+" "+rule.AsString()] = dp.Value
				}
			}
		}
		return counted
	}
}

// shownAs returns the attribute sampling_namespace that internal metrics have for each name.
func shownAs(t *testing.T, s *Set, names ...string) []string {
	t.Helper()
	var shown []string
	for _, name := range names {
		items, counted := counter(t)
		s.Of(name).Report(t.Context(), Spans, &Counts{Global: {Kept: 1}}, items, time.Now())
		for key := range counted() {
			value, ok := strings.CutSuffix(key, " kept global")
			require.True(t, ok, key)
			shown = append(shown, value)
		}
	}
	return shown
}

func TestTheNumberOfNamespacesInInternalMetricsIsBounded(t *testing.T) { // C9
	s := New(4, []string{"configured", "configured-too"}) // which count towards the limit
	assert.Equal(t, []string{"a", "b", "_other", "_other", "configured", "configured-too", "a", "_none"},
		shownAs(t, s, "a", "b", "c", "d", "configured", "configured-too", "a", ""))
	assert.Same(t, s.None(), s.Of(""))
	assert.NotSame(t, s.Of("c"), s.Of("d"), "inspection tells them apart")

	none := New(0, []string{"configured"})
	assert.Equal(t, []string{"_other", "configured"}, shownAs(t, none, "a", "configured"))
}

func TestNamesOfInternalMetricsCannotBeTaken(t *testing.T) { // C9
	s := New(10, []string{"_other", "_none"})
	s.Reserve([]string{"_other", "_none"}, 10)
	assert.Equal(t, []string{"_other", "_other", "_none"}, shownAs(t, s, "_other", "_none", ""))
}

func TestReservedNamesHaveAValueOfTheirOwn(t *testing.T) {
	s := New(1, nil)
	assert.Equal(t, []string{"a", "_other"}, shownAs(t, s, "a", "seen before"))
	before := s.Of("seen before")

	s.Reserve([]string{"a", "seen before", "new"}, MaxRegistered)
	assert.Equal(t, []string{"seen before", "new", "a", "_other"}, shownAs(t, s, "seen before", "new", "a", "b"))
	assert.Same(t, before, s.Of("seen before"))
	assert.EqualValues(t, 2, before.Kept(Spans), "what was counted as _other remains with the label")
}

func TestReservedNamesAreBounded(t *testing.T) {
	s := New(0, nil)
	s.Reserve([]string{"a", "b", "c"}, 2)
	s.Reserve([]string{"a", "b", "d"}, 2)
	assert.Equal(t, []string{"a", "b", "_other", "_other"}, shownAs(t, s, "a", "b", "c", "d"))
}

// Walks remember labels, and must forget them if another label is returned for a name.
func TestTheVersionChangesWithTheLabelOfAName(t *testing.T) {
	s := New(0, []string{"configured"})
	for i := range maxSeen {
		s.Of(fmt.Sprint(i))
	}
	require.Same(t, s.Other(), s.Of("beyond"))

	version := s.Version()
	s.Reserve([]string{"configured", "0"}, 10)
	assert.Equal(t, version, s.Version(), "their labels are the same as before")
	s.Reserve([]string{"beyond"}, 10)
	assert.NotEqual(t, version, s.Version())
	assert.Equal(t, []string{"beyond"}, shownAs(t, s, "beyond"))
}

func TestTheNumberOfLabelsIsBounded(t *testing.T) {
	s := New(1, nil)
	for i := range maxSeen + 10 {
		s.Of(fmt.Sprint(i))
	}
	assert.LessOrEqual(t, len(s.All()), maxSeen)
	assert.Same(t, s.Other(), s.Of("one more"))
	assert.NotContains(t, s.All(), "one more")

	many := New(maxSeen+5, nil)
	for i := range maxSeen + 5 {
		many.Of(fmt.Sprint(i))
	}
	assert.Len(t, many.All(), maxSeen+5, "as many as internal metrics show are always told apart")
}

func TestLabelsAreNumberedFromZero(t *testing.T) {
	s := New(1, []string{"configured"})
	seen := map[int]bool{}
	for _, label := range []*Label{s.None(), s.Other(), s.Of("configured"), s.Of("a"), s.Of("b"), s.Of("c")} {
		assert.False(t, seen[label.Index])
		seen[label.Index] = true
		assert.Less(t, label.Index, 6)
	}
}

func TestLongNamesAreTruncated(t *testing.T) {
	s := New(10, nil)
	long := strings.Repeat("a", 500)
	assert.Same(t, s.Of(long+"1"), s.Of(long+"2"), "names with the same truncation share a label")
	assert.Equal(t, []string{long[:namespace.MaxShownBytes]}, shownAs(t, s, long+"3"))
	assert.Equal(t, []string{"\uFFFD"}, shownAs(t, s, "\xff"), "invalid UTF-8 is replaced")

	all := s.All()
	assert.Contains(t, all, long+"1", "inspection has the first of them in full")
	assert.NotContains(t, all, long+"2")

	endless := New(10, nil)
	endless.Of(strings.Repeat("b", 1<<20))
	for name := range endless.All() {
		assert.Len(t, name, rate.MaxMatchedBytes+1, "as much as finding its rate takes")
	}
}

func TestAllReturnsEveryNamespaceThatWasSeen(t *testing.T) {
	s := New(1, []string{"configured"})
	a, b := s.Of("a"), s.Of("b")
	s.Of("")
	assert.Equal(t, map[string]*Label{"configured": s.Of("configured"), "a": a, "b": b}, s.All())
}

func TestASetIsSafeForConcurrentUse(t *testing.T) { // under the race detector
	s := New(5, nil)
	items, counted := counter(t)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 100 {
				name := fmt.Sprint(i % 10)
				if w == 0 {
					s.Reserve([]string{name}, 3)
				}
				s.Of(name).Report(t.Context(), Spans, &Counts{Global: {Kept: 1}}, items, time.Now())
				s.Version()
				s.All()
			}
		})
	}
	wg.Wait()
	var total int64
	for _, n := range counted() {
		total += n
	}
	assert.EqualValues(t, 400, total)
}
