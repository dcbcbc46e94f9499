// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// arrivedItems are the items of a retryingLoad that have reached a sink, by round.
type arrivedItems struct {
	mu             sync.Mutex
	spans, records map[int64]outcomes
	points         map[int64]map[string]bool // series
	duplicates     int                       // of items of any signal
	items          int
	last           time.Time
	gap            time.Duration // the longest without any
}

func observeArrivals(sink *harness.Sink) *arrivedItems {
	a := &arrivedItems{spans: map[int64]outcomes{}, records: map[int64]outcomes{}, points: map[int64]map[string]bool{}}
	sink.Observe(func(td ptrace.Traces) {
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, s := range harness.SpansOf(td) {
			number, _ := s.Attributes().Get(requestNumber)
			a.note(a.spans, number.Int(), outcomesOf([]harness.Span{s}))
		}
	})
	sink.ObserveLogs(func(ld plog.Logs) {
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, r := range harness.RecordsOf(ld) {
			number, _ := r.Attributes().Get(requestNumber)
			a.note(a.records, number.Int(), twinsOf([]harness.Record{r}))
		}
	})
	sink.ObserveMetrics(func(md pmetric.Metrics) {
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, p := range harness.PointsOf(md) {
			number, name := p.Data.(pmetric.NumberDataPoint).IntValue(), p.Attributes.AsRaw()["series"].(string)
			if a.points[number] == nil {
				a.points[number] = map[string]bool{}
			}
			a.count(a.points[number][name])
			a.points[number][name] = true
		}
	})
	return a
}

// note notes an item of spans or of records. One that has arrived before counts as a duplicate, and its later stamp holds.
func (a *arrivedItems) note(of map[int64]outcomes, number int64, item outcomes) {
	if of[number] == nil {
		of[number] = outcomes{}
	}
	for id, state := range item {
		_, known := of[number][id]
		a.count(known)
		of[number][id] = state
	}
}

func (a *arrivedItems) count(isDuplicate bool) {
	now := time.Now()
	if a.items++; a.items > 1 {
		a.gap = max(a.gap, now.Sub(a.last))
	}
	a.last = now
	if isDuplicate {
		a.duplicates++
	}
}

func (a *arrivedItems) longestGap() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.gap
}

// life is a time in which a collector has one configuration: spans and records that were sent in it, and points, are sampled by it.
type life struct{ from, to time.Time }

// assertExact asserts that of each round exactly those items have arrived that the collector keeps in one of its lives. That is the one that
// the round was begun and acknowledged in; any, if there is no such life.
func (a *arrivedItems) assertExact(t *testing.T, sent []*sentRound, lives ...life) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	series, within := make([]map[string]bool, len(lives)), make([]int, len(lives))
	var between []int
	for n, round := range sent {
		l := slices.IndexFunc(lives, func(l life) bool { return round.begun.After(l.from) && round.acknowledged.Before(l.to) })
		if l < 0 {
			between = append(between, n)
			continue
		}
		within[l]++
		if series[l] == nil {
			series[l] = a.points[int64(n)]
		}
		require.Equal(t, round.want[l], a.spans[int64(n)], "round %d: spans", n)
		require.Equal(t, round.want[l], a.records[int64(n)], "round %d: log records", n)
		require.Equal(t, series[l], a.points[int64(n)], "round %d: series", n)
	}
	for _, n := range between {
		want := func(got outcomes) func(outcomes) bool { return func(o outcomes) bool { return maps.Equal(o, got) } }
		spans, records, points := a.spans[int64(n)], a.records[int64(n)], a.points[int64(n)]
		require.True(t, slices.ContainsFunc(sent[n].want, want(spans)), "round %d: spans", n)
		require.True(t, slices.ContainsFunc(sent[n].want, want(records)), "round %d: log records", n)
		require.True(t, slices.ContainsFunc(series, func(s map[string]bool) bool { return maps.Equal(s, points) }), "round %d: series", n)
	}
	t.Logf("%d rounds, of which %v within a life and %d between two; %d items arrived, %d of them again",
		len(sent), within, len(between), a.items, a.duplicates)
	for l := range lives {
		require.NotZero(t, within[l], "rounds in each life")
		require.NotEmpty(t, series[l])
	}
}
