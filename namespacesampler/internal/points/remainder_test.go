// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

const remainderID = "otelcol.remainder.id"

// observed is a point of a sum or a histogram as a backend sees it.
type observed struct {
	series      string // all that identifies it
	group       string // metric, namespace and queue: what the attribute task_uuid does not tell apart
	isRemainder bool
	start, at   pcommon.Timestamp
	numbers     []float64 // the value; or count, sum and buckets
}

// observe returns the points of a batch, in order.
func observe(md *pmetric.Metrics) (all []observed) {
	if md == nil {
		return nil
	}
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				add := func(attributes pcommon.Map, start, at pcommon.Timestamp, kind string, numbers ...float64) {
					_, isRemainder := attributes.Get(remainderID)
					own := attributes.AsRaw()
					all = append(all, observed{
						series: fmt.Sprint(rm.Resource().Attributes().AsRaw(), m.Name(), kind, own),
						group:  fmt.Sprint(m.Name(), kind, own["namespace"], own["queue"]), isRemainder: isRemainder, start: start, at: at, numbers: numbers,
					})
				}
				switch m.Type() {
				case pmetric.MetricTypeSum:
					for _, dp := range m.Sum().DataPoints().All() {
						value := dp.DoubleValue()
						if dp.ValueType() == pmetric.NumberDataPointValueTypeInt {
							value = float64(dp.IntValue())
						}
						add(dp.Attributes(), dp.StartTimestamp(), dp.Timestamp(), dp.ValueType().String(), value)
					}
				case pmetric.MetricTypeHistogram:
					for _, dp := range m.Histogram().DataPoints().All() {
						numbers := []float64{float64(dp.Count()), dp.Sum()}
						for _, n := range dp.BucketCounts().AsRaw() {
							numbers = append(numbers, float64(n))
						}
						add(dp.Attributes(), dp.StartTimestamp(), dp.Timestamp(), "histogram", numbers...)
					}
				}
			}
		}
	}
	return all
}

// ledger adds up by how much cumulative series grow, as a backend would that has seen all of them from the first export on: what is there at first
// is where counting begins, a series that comes later counts whole, and so does one that begins anew.
type ledger struct {
	isFirst bool
	last    map[string]observed
	growth  map[string][]float64 // by group
}

func newLedger() *ledger {
	return &ledger{isFirst: true, last: map[string]observed{}, growth: map[string][]float64{}}
}

func (l *ledger) add(points []observed) {
	for _, p := range points {
		before, ok := l.last[p.series]
		l.last[p.series] = p
		from := make([]float64, len(p.numbers))
		switch {
		case ok && (p.start > before.start || p.numbers[0] < before.numbers[0]):
		case ok:
			from = before.numbers
		case l.isFirst && !p.isRemainder:
			from = p.numbers
		}
		sum := l.growth[p.group]
		if sum == nil {
			sum = make([]float64, len(p.numbers))
		}
		for i := range sum {
			sum[i] += p.numbers[i] - from[i]
		}
		l.growth[p.group] = sum
	}
}

// producer exports cumulative series, some of which come, vanish, and begin anew.
type producer struct {
	r      *rand.Rand
	name   int
	series []*produced
}

type produced struct {
	name      int
	namespace string
	queue     int
	kind      int // of the metric
	start     time.Time
	numbers   []float64
	isHidden  bool // its start
}

var producedNamespaces = []string{"none kept", "some kept", "all kept", ""}

func (p *producer) begin(now time.Time) *produced {
	s := &produced{
		name: p.name, namespace: producedNamespaces[p.r.IntN(len(producedNamespaces))], queue: p.r.IntN(2), kind: p.r.IntN(3), start: now,
		isHidden: p.r.IntN(4) == 0,
	}
	p.name++
	p.series = append(p.series, s)
	s.grow(p.r)
	return s
}

func (s *produced) grow(r *rand.Rand) {
	if s.kind < 2 {
		if s.numbers == nil {
			s.numbers = make([]float64, 1)
		}
		s.numbers[0] += float64(r.IntN(100))
		return
	}
	if s.numbers == nil {
		s.numbers = make([]float64, 5)
	}
	for range r.IntN(20) {
		s.numbers[0]++
		s.numbers[1] += float64(r.IntN(9)) - 2 // a sum of a histogram may fall
		s.numbers[2+r.IntN(3)]++
	}
}

// export returns all series at a time, in batches.
func (p *producer) export(now time.Time) (batches []pmetric.Metrics) {
	p.r.Shuffle(len(p.series), func(i, j int) { p.series[i], p.series[j] = p.series[j], p.series[i] })
	for some := range slices.Chunk(p.series, 1+p.r.IntN(len(p.series))) {
		md := pmetric.NewMetrics()
		rm := md.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.name", "worker")
		sm := rm.ScopeMetrics().AppendEmpty()
		metrics := make([]pmetric.Metric, 3)
		for kind := range metrics {
			m := sm.Metrics().AppendEmpty()
			m.SetName(fmt.Sprint("metric ", kind))
			if kind < 2 {
				m.SetEmptySum().SetIsMonotonic(true)
			} else {
				m.SetEmptyHistogram()
			}
			samplertest.SetTemporality(m, pmetric.AggregationTemporalityCumulative)
			metrics[kind] = m
		}
		for _, s := range some {
			var attributes pcommon.Map
			start, at := pcommon.NewTimestampFromTime(s.start), pcommon.NewTimestampFromTime(now)
			if s.isHidden {
				start = 0
			}
			switch s.kind {
			case 0, 1:
				dp := metrics[s.kind].Sum().DataPoints().AppendEmpty()
				attributes = dp.Attributes()
				dp.SetStartTimestamp(start)
				dp.SetTimestamp(at)
				if s.kind == 0 {
					dp.SetIntValue(int64(s.numbers[0]))
				} else {
					dp.SetDoubleValue(s.numbers[0])
				}
			case 2:
				dp := metrics[s.kind].Histogram().DataPoints().AppendEmpty()
				attributes = dp.Attributes()
				dp.SetStartTimestamp(start)
				dp.SetTimestamp(at)
				dp.ExplicitBounds().FromRaw([]float64{1, 5})
				dp.SetCount(uint64(s.numbers[0]))
				dp.SetSum(s.numbers[1])
				for _, n := range s.numbers[2:] {
					dp.BucketCounts().Append(uint64(n))
				}
			}
			attributes.PutInt("task_uuid", int64(s.name))
			attributes.PutInt("workflow", int64(s.name%17))
			attributes.PutInt("queue", int64(s.queue))
			attributes.PutStr("namespace", s.namespace)
		}
		batches = append(batches, md)
	}
	return batches
}

func withRemainder(settings map[string]any) map[string]any {
	all := map[string]any{
		"sample_rate": 0.5, "namespaces": map[string]any{"none kept": 0, "some kept": 0.3, "all kept": 1},
		"metrics": map[string]any{"remainder": map[string]any{"enabled": true, "without": []any{"task_uuid", "workflow"}}},
	}
	maps.Copy(all, settings)
	return all
}

// TestNothingIsMissingFromTheGrowth: what is kept and the remainder grow by what came in. Series come and vanish, producers restart with a new
// start or without one, points come twice, and exports in any number of batches, for any rates, with and without groups (R1, R3, R4, R5).
func TestNothingIsMissingFromTheGrowth(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		rates := map[string]any{"namespaces": map[string]any{"none kept": 0, "some kept": r.Float64(), "all kept": 1}}
		if seed%2 == 1 {
			rates["consistent_by"] = []any{"workflow"}
		}
		s := samplertest.Start(t, withRemainder(rates))
		began := time.Now().Add(-time.Hour)
		p := &producer{r: r}
		for range 100 {
			p.begin(began).grow(r)
		}
		in, out := newLedger(), newLedger()
		times, values := map[string]pcommon.Timestamp{}, map[string]float64{}
		emitted := 0
		for export := range 12 {
			now := time.Now().Add(time.Duration(export) * time.Minute)
			for _, md := range p.export(now) {
				in.add(observe(&md))
				twice := pmetric.NewMetrics()
				md.CopyTo(twice)
				for n, md := range []pmetric.Metrics{md, twice}[:1+r.IntN(2)] {
					after := observe(s.ConsumeMetrics(md))
					out.add(after)
					for _, o := range after {
						if o.isRemainder {
							emitted++
							require.Greater(t, o.at, times[o.series])
							require.GreaterOrEqual(t, o.numbers[0], values[o.series])
							if before := times[o.series]; before > 0 {
								require.GreaterOrEqual(t, o.at-before, pcommon.Timestamp(time.Millisecond))
							} else {
								require.Equal(t, o.start, o.at, "it begins with a zero")
								require.Zero(t, o.numbers[0])
							}
							times[o.series], values[o.series] = o.at, o.numbers[0]
							require.Zero(t, n, "nothing is fed by what came before")
						}
					}
				}
			}
			in.isFirst, out.isFirst = false, false
			for _, s := range p.series {
				s.grow(r)
				if r.IntN(10) == 0 { // its producer has restarted
					s.start, s.numbers = now.Add(time.Second), nil
					for s.grow(r); s.isHidden && s.numbers[0] == 0; s.grow(r) {
					}
					if s.isHidden {
						s.numbers = nil // a lower count
						s.grow(r)
						clear(s.numbers)
					}
				}
			}
			for range r.IntN(20) {
				p.begin(now.Add(time.Second))
			}
			p.series = p.series[r.IntN(10):]
		}
		require.NotEmpty(t, in.growth)
		require.Equal(t, in.growth, out.growth, "seed %d", seed)
		assert.EqualValues(t, emitted, s.Counts("remainder_datapoints")[""])
	}
}
