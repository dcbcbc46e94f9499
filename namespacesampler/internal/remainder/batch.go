// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"cmp"
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
)

// Batch is what is dropped from a batch, and which of its series are kept. It is reused from batch to batch. All that other batches share is
// changed at once, when the batch has come to its end.
type Batch struct {
	r *Remainder

	// The current metric.
	resource  pmetric.ResourceMetrics
	scope     pmetric.ScopeMetrics
	metric    pmetric.Metric
	kind      kind
	export    int32
	reduced   keys // of what the remainder carries
	isReduced struct{ resource, scope, metric bool }

	exports   []exportOf
	standings []standingOf
	drops     []drop
	numbers   []uint64 // counts of dropped histograms
	kept      []kept
	folded    int64
	lost      int64
	fed       []*feed
	byKey     map[uint64]*feed
	bySeries  map[*series]*feed
	byName    map[standingKey]int32
}

// kind is what a metric counts as here.
type kind uint8

const (
	noRemainder kind = iota
	isDelta
	isCumulative
)

type keys struct{ resource, scope, metric decision.Series }

// exportOf is an export of a metric from a resource, as far as the batch has it.
type exportOf struct {
	key   uint64
	last  uint64   // the latest time of its points
	found *exports // when the batch comes to its end
}

type standingOf struct {
	standingKey
	threshold uint64
	found     *standing // when the batch comes to its end
}

// drop is a dropped cumulative point.
type drop struct {
	series      uint64
	start, time uint64
	value       uint64 // as in an entry
	isDouble    bool
	isUnsure    bool // the series may have been kept when Postgres could be asked
	at, size    int  // of the counts of a histogram in numbers
	lacksSum    bool
	export      int32
	standing    int32
	feed        *feed
}

// kept is a kept cumulative point: its series is not one that is dropped.
type kept struct {
	series uint64
	isMark bool
}

// feed is a remainder that the batch adds to.
type feed struct {
	to     *series
	start  uint64 // the earliest time since which what is added was counted
	latest uint64 // the latest time of what was added
	isFed  bool

	value       value        // what the batch adds to a delta one, or what a cumulative one has come to
	exponential *exponential // in place of value
	isDelta     bool
	isNew       bool
	began, time uint64 // of the point
}

// NewBatch returns an empty batch.
func (r *Remainder) NewBatch() *Batch {
	return &Batch{r: r, byKey: map[uint64]*feed{}, bySeries: map[*series]*feed{}, byName: map[standingKey]int32{}}
}

// Item is a data point, as sampling has decided on it.
type Item struct {
	// Series is the identity of its metric from its scope and resource, with that of the point's attributes.
	Series     decision.Series
	Attributes decision.Attributes
	// Namespace is that of the point; Writes is true if it was resolved, and must be written to the remainder (R1).
	Namespace string
	Writes    bool
	// IsUnavailable is true if there is no namespace because Postgres could not be asked, and IsUnsettled if the namespace or the group is not
	// known, but might be later.
	IsUnavailable, IsUnsettled bool
	// Threshold is that of the rate.
	Threshold uint64
	IsKept    bool
	// IsSteady is true for a kept point without Series, since MayHaveDropped is false for its namespace.
	IsSteady bool
}

// MayHaveDropped reports whether a series of a namespace that it carries may have been dropped before, if its rate is 1 now.
func (b *Batch) MayHaveDropped(namespace string) bool { return b.r.changed.has(namespace) }

func isNeverMissing(string, pcommon.Value) bool { return false }

// Enter begins a metric, whose identity is given. It reports whether the metric has a remainder (R6).
func (b *Batch) Enter(rm pmetric.ResourceMetrics, sm pmetric.ScopeMetrics, m pmetric.Metric, identity decision.Series) bool {
	if rm != b.resource {
		b.resource, b.isReduced.resource, b.isReduced.scope = rm, false, false
	}
	if sm != b.scope {
		b.scope, b.isReduced.scope = sm, false
	}
	b.metric, b.isReduced.metric = m, false
	b.kind = kindOf(m)
	if b.kind == isCumulative {
		b.export = int32(len(b.exports)) //nolint:gosec // a batch has fewer metrics
		b.exports = append(b.exports, exportOf{key: uint64(identity)})
	}
	return b.kind != noRemainder
}

func kindOf(m pmetric.Metric) kind {
	var temporality pmetric.AggregationTemporality
	switch m.Type() {
	case pmetric.MetricTypeSum:
		if !m.Sum().IsMonotonic() {
			return noRemainder
		}
		temporality = m.Sum().AggregationTemporality()
	case pmetric.MetricTypeHistogram:
		temporality = m.Histogram().AggregationTemporality()
	case pmetric.MetricTypeExponentialHistogram:
		if temporality = m.ExponentialHistogram().AggregationTemporality(); temporality == pmetric.AggregationTemporalityCumulative {
			return noRemainder
		}
	case pmetric.MetricTypeEmpty, pmetric.MetricTypeGauge, pmetric.MetricTypeSummary:
		return noRemainder
	}
	switch temporality {
	case pmetric.AggregationTemporalityDelta:
		return isDelta
	case pmetric.AggregationTemporalityCumulative:
		return isCumulative
	case pmetric.AggregationTemporalityUnspecified:
	}
	return noRemainder
}

// Variants of series. Integers and doubles stay apart, and so do histograms with other bounds, which layout tells apart (R5).
const (
	ofInt uint64 = iota + 1
	ofDouble
	ofHistogram
)

// Number adds a point of a sum, if it was dropped.
func (b *Batch) Number(dp pmetric.NumberDataPoint, it *Item) {
	if dp.Flags().NoRecordedValue() || dp.ValueType() == pmetric.NumberDataPointValueTypeEmpty {
		return
	}
	variant, value := ofInt, uint64(dp.IntValue()) //nolint:gosec // its bits
	if dp.ValueType() == pmetric.NumberDataPointValueTypeDouble {
		if math.IsNaN(dp.DoubleValue()) || math.IsInf(dp.DoubleValue(), 0) {
			return
		}
		variant, value = ofDouble, math.Float64bits(dp.DoubleValue())
	}
	start, at := nanoseconds(dp.StartTimestamp()), nanoseconds(dp.Timestamp())
	f := b.point(it, variant, dp.Attributes(), start, at, noBounds)
	switch {
	case f == nil:
	case b.kind == isDelta:
		f.value.addNumber(dp)
	default:
		b.drop(f, it, variant, start, at, value, variant == ofDouble)
	}
}

// Histogram adds a point of a histogram, if it was dropped.
func (b *Batch) Histogram(dp pmetric.HistogramDataPoint, it *Item) {
	if dp.Flags().NoRecordedValue() {
		return
	}
	if dp.BucketCounts().Len() > mostCounts {
		b.lose(it)
		return
	}
	variant := b.layout(dp)
	bounds := func() ([]float64, int) { return dp.ExplicitBounds().AsRaw(), dp.BucketCounts().Len() }
	start, at := nanoseconds(dp.StartTimestamp()), nanoseconds(dp.Timestamp())
	f := b.point(it, variant, dp.Attributes(), start, at, bounds)
	switch {
	case f == nil:
	case b.kind == isDelta:
		f.value.addHistogram(dp)
	default:
		d := b.drop(f, it, variant, start, at, math.Float64bits(finite(dp.Sum())), false)
		d.at, d.lacksSum = len(b.numbers), !dp.HasSum()
		counts := dp.BucketCounts()
		for i := range counts.Len() {
			b.numbers = append(b.numbers, counts.At(i))
		}
		if counts.Len() == 0 {
			b.numbers = append(b.numbers, dp.Count())
		}
		d.size = len(b.numbers) - d.at
	}
}

// Exponential adds a delta point of an exponential histogram, if it was dropped.
func (b *Batch) Exponential(dp pmetric.ExponentialHistogramDataPoint, it *Item) {
	if dp.Flags().NoRecordedValue() {
		return
	}
	if !isScale(dp.Scale()) {
		b.lose(it)
		return
	}
	f := b.point(it, ofHistogram, dp.Attributes(), nanoseconds(dp.StartTimestamp()), nanoseconds(dp.Timestamp()), noBounds)
	if f != nil {
		f.exponential.add(dp)
	}
}

// lose counts a point that cannot be added, if it was dropped.
func (b *Batch) lose(it *Item) {
	if !it.IsKept {
		b.lost++
	}
}

// nanoseconds returns a time, which is not so late that a later one could not be told.
func nanoseconds(t pcommon.Timestamp) uint64 { return min(uint64(t), math.MaxInt64) }

func noBounds() ([]float64, int) { return nil, 0 }

// layout returns the variant of a histogram, a hash of its bounds: others are another remainder (R5).
func (b *Batch) layout(dp pmetric.HistogramDataPoint) uint64 {
	bounds := dp.ExplicitBounds()
	x := decision.Series(ofHistogram).Join(uint64(dp.BucketCounts().Len())) //nolint:gosec // a length
	for i := range bounds.Len() {
		x = x.Join(math.Float64bits(bounds.At(i)))
	}
	return uint64(x)
}

// point notes a point, and returns the remainder that it is added to, or nil if it was kept or cannot be added.
func (b *Batch) point(it *Item, variant uint64, attributes pcommon.Map, start, at uint64, bounds func() ([]float64, int)) *feed {
	if b.kind == isCumulative {
		x := &b.exports[b.export]
		x.last = max(x.last, at)
	}
	if it.IsKept {
		if b.kind == isCumulative {
			b.standing(it)
			if !it.IsSteady {
				b.kept = append(b.kept, kept{uint64(it.Series.Join(variant)), it.IsUnsettled})
			}
		}
		return nil
	}
	it.Writes = it.Writes && b.r.writes
	f := b.feed(it, variant, attributes, bounds)
	if f == nil {
		return nil
	}
	f.latest = max(f.latest, at)
	if b.kind == isDelta {
		f.feedFrom(cmp.Or(start, at))
	}
	return f
}

// drop notes a dropped cumulative point.
func (b *Batch) drop(f *feed, it *Item, variant, start, at, value uint64, isDouble bool) *drop {
	b.drops = append(b.drops, drop{
		series: uint64(it.Series.Join(variant)), start: start, time: at, value: value, isDouble: isDouble, isUnsure: it.IsUnavailable,
		export: b.export, standing: b.standing(it), feed: f,
	})
	return &b.drops[len(b.drops)-1]
}

// standing returns the index of the rate of a point's namespace.
func (b *Batch) standing(it *Item) int32 {
	key := standingKey{it.Namespace, it.IsUnavailable}
	if n := len(b.standings); n > 0 && b.standings[n-1].standingKey == key { // points of a namespace arrive together
		return int32(n - 1) //nolint:gosec // a batch has fewer
	}
	i, ok := b.byName[key]
	if !ok {
		key.name = strings.Clone(key.name) // so that the telemetry is not retained
		i = int32(len(b.standings))        //nolint:gosec // a batch has fewer
		b.byName[key] = i
		b.standings = append(b.standings, standingOf{standingKey: key, threshold: it.Threshold})
	}
	return i
}

// Reset forgets the batch, whose telemetry it refers to.
func (b *Batch) Reset() {
	b.resource, b.scope, b.metric = pmetric.ResourceMetrics{}, pmetric.ScopeMetrics{}, pmetric.Metric{}
	clear(b.standings)
	clear(b.drops)
	clear(b.fed)
	b.byKey, b.bySeries, b.byName = emptied(b.byKey), emptied(b.bySeries), emptied(b.byName)
	b.exports, b.standings, b.drops, b.numbers = b.exports[:0], b.standings[:0], b.drops[:0], b.numbers[:0]
	b.kept, b.fed, b.folded, b.lost = b.kept[:0], b.fed[:0], 0, 0
}

// emptied returns an empty map: the same one, unless it has grown so large that emptying it would cost later batches.
func emptied[K comparable, V any](m map[K]V) map[K]V {
	if len(m) > 1000 {
		return map[K]V{}
	}
	clear(m)
	return m
}
