// SPDX-License-Identifier: Apache-2.0

package recent

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
)

// count counts items of a namespace.
func count(t *testing.T, l *labels.Label, s labels.Signal, kept, dropped int64) {
	t.Helper()
	items, err := noop.Meter{}.Int64Counter("items")
	require.NoError(t, err)
	var c labels.Counts
	c[labels.Global][labels.Kept], c[labels.Global][labels.Dropped] = kept, dropped
	l.Report(t.Context(), s, &c, items, time.Now())
}

// running starts a history in a bubble of synctest, and stops it at the end of the test.
func running(t *testing.T, set *labels.Set, p *problems.Counts) *History {
	h := New(set, p.Sums)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		h.Run(ctx)
		close(done)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return h
}

func TestAWindowShowsWhatHappenedInTheLastTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set, p := labels.New(10, nil), &problems.Counts{}
		h := running(t, set, p)
		label := set.Of("payments")
		half := func() { time.Sleep(time.Second / 2) } // so that nothing is counted at the time of a sample
		for range 60 {                                 // a minute at a tenth
			half()
			count(t, label, labels.Spans, 100, 900)
			p.Add(problems.MalformedKeys, 3)
			half()
		}
		synctest.Wait()
		w := h.Window()
		assert.InDelta(t, 10, w.Seconds, 2)
		assert.Equal(t, PerSecond{Kept: 100, Dropped: 900}, w.Of(label, labels.Spans))
		assert.Equal(t, PerSecond{}, w.Of(label, labels.LogRecords))
		in, since := w.Problems(problems.MalformedKeys)
		assert.InDelta(t, 3, w.PerSecond(in), 1e-9)
		assert.EqualValues(t, 180, since)

		late := set.Of("orders") // no sample knows it yet
		count(t, late, labels.Spans, 800, 0)
		assert.InDelta(t, 800/h.Window().Seconds, h.Window().Of(late, labels.Spans).Kept, 1e-3)

		for range 10 { // everything is kept from now on
			half()
			count(t, label, labels.Spans, 1000, 0)
			half()
		}
		synctest.Wait()
		assert.Equal(t, PerSecond{Kept: 1000}, h.Window().Of(label, labels.Spans), "one window later nothing is left of the time before")
		in, _ = h.Window().Problems(problems.MalformedKeys)
		assert.Zero(t, in)
	})
}

func TestTheFirstSecondIsNoShorterThanASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := labels.New(10, nil)
		h := running(t, set, &problems.Counts{})
		count(t, set.None(), labels.DataPoints, 0, 70)
		assert.Equal(t, PerSecond{Dropped: 70}, h.Window().Of(set.None(), labels.DataPoints))
	})
}

func TestTheLineIsThatOfTheLastTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := labels.New(1, nil)
		h := running(t, set, &problems.Counts{})
		assert.Empty(t, h.Lines()[labels.Spans].Kept)
		first := h.Lines()
		time.Sleep(Interval / 2) // in the middle of an interval
		for i := range 100 {
			count(t, set.Of("a"), labels.Spans, int64(2*i), 0)
			count(t, set.Of("beyond the bound"), labels.Spans, 0, 2)
			count(t, set.None(), labels.Spans, 0, 2)
			time.Sleep(Interval)
		}
		synctest.Wait()
		line := h.Lines()[labels.Spans]
		require.Len(t, line.Kept, MaxHistory)
		require.Len(t, line.Dropped, MaxHistory)
		for i := range MaxHistory {
			assert.InDelta(t, 100-MaxHistory+i, line.Kept[i], 1e-9)
			assert.InDelta(t, 2, line.Dropped[i], 1e-9)
		}
		assert.Empty(t, first[labels.Spans].Kept, "what was read does not change")
	})
}

// BenchmarkSample is what a sample costs, every two seconds.
func BenchmarkSample(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint("namespaces=", n), func(b *testing.B) {
			set := labels.New(n, nil)
			for i := range n {
				set.Of(fmt.Sprint("namespace ", i))
			}
			h := New(set, (&problems.Counts{}).Sums)
			b.ReportAllocs()
			for b.Loop() {
				h.take()
			}
		})
	}
}
