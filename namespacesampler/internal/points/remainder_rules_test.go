// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"cmp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// counted is a point of a cumulative counter. Times are seconds after the test's time zero, at which the processor starts; a start of noStart is
// left out.
type counted struct {
	namespace, task string
	start, at       float64
	value           int64
}

const noStart = -1e9

// scene is a processor that drops everything but what is of the namespace "kept", and its time zero.
type scene struct {
	*samplertest.Sampler
	zero time.Time
}

func newScene(t *testing.T, settings map[string]any) *scene {
	t.Helper()
	all := map[string]any{
		"sample_rate": 0, "namespaces": map[string]any{"kept": 1},
		"metrics": map[string]any{"remainder": map[string]any{"enabled": true, "without": []any{"task_uuid"}}},
	}
	for key, value := range settings {
		all[key] = value
	}
	zero := time.Now()
	return &scene{samplertest.Start(t, all), zero}
}

func (s *scene) time(seconds float64) pcommon.Timestamp {
	if seconds == noStart {
		return 0
	}
	return pcommon.NewTimestampFromTime(s.zero.Add(time.Duration(seconds * float64(time.Second))))
}

func (s *scene) batch(points ...counted) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "worker")
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("work")
	m.SetEmptySum().SetIsMonotonic(true)
	samplertest.SetTemporality(m, pmetric.AggregationTemporalityCumulative)
	for _, p := range points {
		dp := m.Sum().DataPoints().AppendEmpty()
		dp.SetStartTimestamp(s.time(p.start))
		dp.SetTimestamp(s.time(p.at))
		dp.SetIntValue(p.value)
		dp.Attributes().PutStr("namespace", cmp.Or(p.namespace, "dropped"))
		dp.Attributes().PutStr("task_uuid", p.task)
	}
	return md
}

// send returns the points of remainders that come out.
func (s *scene) send(points ...counted) (remainders []pmetric.NumberDataPoint) {
	out := s.ConsumeMetrics(s.batch(points...))
	if out == nil {
		return nil
	}
	for _, rm := range out.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				for _, dp := range m.Sum().DataPoints().All() {
					if _, ok := dp.Attributes().Get(remainderID); ok {
						remainders = append(remainders, dp)
					}
				}
			}
		}
	}
	return remainders
}

// last sends points, and returns the value of the remainder after them.
func (s *scene) last(t *testing.T, points ...counted) int64 {
	t.Helper()
	remainders := s.send(points...)
	require.NotEmpty(t, remainders)
	return remainders[len(remainders)-1].IntValue()
}

func TestARemainderCarriesWhatItIsNotWithout(t *testing.T) { // R1, R4
	s := newScene(t, nil)
	md := s.batch(counted{"orders", "a", 1, 2, 5})
	rm := md.ResourceMetrics().At(0)
	rm.SetSchemaUrl("https://example.com/resource")
	rm.Resource().Attributes().PutStr("task_uuid", "of the resource")
	rm.ScopeMetrics().At(0).SetSchemaUrl("https://example.com/scope")
	scope := rm.ScopeMetrics().At(0).Scope()
	scope.SetName("scope")
	scope.SetVersion("1")
	scope.Attributes().PutStr("task_uuid", "of the scope")
	scope.Attributes().PutStr("kind", "x")
	m := rm.ScopeMetrics().At(0).Metrics().At(0)
	m.SetDescription("What was done.")
	m.SetUnit("{tasks}")
	m.Sum().DataPoints().At(0).Attributes().PutInt("queue", 7)
	out := s.ConsumeMetrics(md)
	require.NotNil(t, out)
	require.Equal(t, 1, out.ResourceMetrics().Len())
	rm = out.ResourceMetrics().At(0)
	assert.Equal(t, "https://example.com/resource", rm.SchemaUrl())
	assert.Equal(t, map[string]any{"service.name": "worker"}, rm.Resource().Attributes().AsRaw())
	sm := rm.ScopeMetrics().At(0)
	assert.Equal(t, "https://example.com/scope", sm.SchemaUrl())
	assert.Equal(t, "scope", sm.Scope().Name())
	assert.Equal(t, "1", sm.Scope().Version())
	assert.Equal(t, map[string]any{"kind": "x"}, sm.Scope().Attributes().AsRaw())
	m = sm.Metrics().At(0)
	assert.Equal(t, []string{"work", "What was done.", "{tasks}"}, []string{m.Name(), m.Description(), m.Unit()})
	assert.True(t, m.Sum().IsMonotonic())
	assert.Equal(t, pmetric.AggregationTemporalityCumulative, m.Sum().AggregationTemporality())
	require.Equal(t, 2, m.Sum().DataPoints().Len())
	zero, dp := m.Sum().DataPoints().At(0), m.Sum().DataPoints().At(1)
	assert.Equal(t, []any{s.time(1), s.time(1), int64(0)}, []any{zero.StartTimestamp(), zero.Timestamp(), zero.IntValue()})
	assert.Equal(t, []any{s.time(1), s.time(2), int64(5)}, []any{dp.StartTimestamp(), dp.Timestamp(), dp.IntValue()})
	attributes := dp.Attributes().AsRaw()
	id, err := uuid.Parse(attributes[remainderID].(string))
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"namespace": "orders", "queue": int64(7), remainderID: id.String()}, attributes)
	assert.Equal(t, attributes, zero.Attributes().AsRaw())
	assert.EqualValues(t, 2, s.Counts("remainder_datapoints")[""])
	assert.Equal(t, map[string]int64{"dropped orders global": 1}, s.Counts("datapoints"), "remainders are counted apart")

	again := newScene(t, nil)
	other, _ := again.send(counted{"orders", "a", 1, 2, 5})[0].Attributes().Get(remainderID)
	assert.NotEqual(t, id.String(), other.Str(), "of another start")
}

func TestWhatAFirstPointCounts(t *testing.T) { // R3
	for name, tt := range map[string]struct {
		before []counted
		point  counted
		want   int64
	}{
		"it started after the collector":                {nil, counted{"", "a", 1, 60, 5}, 5},
		"it started before the collector":               {nil, counted{"", "a", -60, 60, 5}, 0},
		"it has no start":                               {nil, counted{"", "a", noStart, 60, 5}, 0},
		"it starts now":                                 {nil, counted{"", "a", 60, 60, 5}, 0},
		"an earlier export did not have it":             {[]counted{{"", "b", -60, 1, 3}}, counted{"", "a", -60, 60, 5}, 5},
		"an earlier export did not have it, no start":   {[]counted{{"", "b", noStart, 1, 3}}, counted{"", "a", noStart, 60, 5}, 5},
		"an earlier export did not have it, starts now": {[]counted{{"", "b", -60, 1, 3}}, counted{"", "a", 60, 60, 5}, 0},
		"an earlier export of what was kept":            {[]counted{{"kept", "b", -60, 1, 3}}, counted{"", "a", -60, 60, 5}, 5},
		"another batch of the same export":              {[]counted{{"", "b", -60, 60, 3}}, counted{"", "a", -60, 60, 5}, 0},
		"an export that is later":                       {[]counted{{"", "b", -60, 90, 3}}, counted{"", "a", -60, 60, 5}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, nil)
			if tt.before != nil {
				s.send(tt.before...)
			}
			assert.Equal(t, tt.want, s.last(t, tt.point))
			tt.point.at, tt.point.value = tt.point.at+100, tt.point.value+2
			assert.Equal(t, tt.want+2, s.last(t, tt.point), "it goes on from there")
		})
	}
}

func TestABatchIsOfOneExport(t *testing.T) { // R3
	s := newScene(t, nil)
	md, other := s.batch(counted{"", "b", -60, 60, 3}), s.batch(counted{"", "a", -60, 60.001, 500})
	other.ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
	out := s.ConsumeMetrics(md)
	require.NotNil(t, out)
	points := samplertest.MetricOf(*out).Sum().DataPoints()
	assert.Zero(t, points.At(points.Len()-1).IntValue())
}

func TestAnExportOfAnotherMetricOrResourceTellsNothing(t *testing.T) { // R3
	for name, change := range map[string]func(pmetric.ResourceMetrics){
		"metric":   func(rm pmetric.ResourceMetrics) { rm.ScopeMetrics().At(0).Metrics().At(0).SetName("other") },
		"resource": func(rm pmetric.ResourceMetrics) { rm.Resource().Attributes().PutStr("service.name", "other") },
	} {
		s := newScene(t, nil)
		md := s.batch(counted{"", "b", -60, 1, 3})
		change(md.ResourceMetrics().At(0))
		s.ConsumeMetrics(md)
		assert.Zero(t, s.last(t, counted{"", "a", -60, 60, 5}), name)
	}
}

func TestHowADroppedSeriesGrows(t *testing.T) { // R3
	for name, tt := range map[string]struct {
		next counted
		want int64 // after 5 at 60, with a start at 1; nothing comes out if it is below 0
	}{
		"it grows":                              {counted{"", "a", 1, 120, 8}, 8},
		"it stays":                              {counted{"", "a", 1, 120, 5}, 5},
		"the point comes again":                 {counted{"", "a", 1, 60, 5}, -1},
		"it is late":                            {counted{"", "a", 1, 30, 3}, -1},
		"it is of an earlier life":              {counted{"", "a", 0.5, 120, 900}, -1},
		"it has begun anew":                     {counted{"", "a", 61, 120, 2}, 7},
		"it has begun anew and counted more":    {counted{"", "a", 61, 120, 9}, 14},
		"its start is lost":                     {counted{"", "a", noStart, 120, 8}, 8},
		"its start is lost, and it counts less": {counted{"", "a", noStart, 120, 2}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, nil)
			require.EqualValues(t, 5, s.last(t, counted{"", "a", 1, 60, 5}))
			if tt.want < 0 {
				assert.Empty(t, s.send(tt.next))
				tt.next, tt.want = counted{"", "a", 1, 120, 8}, 8
			}
			assert.Equal(t, tt.want, s.last(t, tt.next))
		})
	}
}

func TestTheTimesOfARemainderRise(t *testing.T) { // R4
	s := newScene(t, nil)
	s.send(counted{"", "a", 1, 60, 5})
	late := s.send(counted{"", "b", 1, 50, 5}) // another series, earlier than what came before
	require.Len(t, late, 1)
	assert.Equal(t, s.time(60.001), late[0].Timestamp())
	assert.EqualValues(t, 10, late[0].IntValue())
	both := s.send(counted{"", "a", 1, 120, 5}, counted{"", "b", 1, 119, 5})
	require.Len(t, both, 1, "once in a batch")
	assert.Equal(t, s.time(120), both[0].Timestamp())

	s = newScene(t, nil)
	first := s.send(counted{"", "a", -60, -30, 5})
	assert.Equal(t, []pcommon.Timestamp{s.time(-30.001), s.time(-30)}, []pcommon.Timestamp{first[0].Timestamp(), first[1].Timestamp()}, "a start before the first time")
}

func TestWhatHasNoRemainder(t *testing.T) { // R6
	for name, change := range map[string]func(pmetric.Metric){
		"a gauge":             func(m pmetric.Metric) { m.SetEmptyGauge().DataPoints().AppendEmpty().SetIntValue(1) },
		"a summary":           func(m pmetric.Metric) { m.SetEmptySummary().DataPoints().AppendEmpty() },
		"a sum that may fall": func(m pmetric.Metric) { m.Sum().SetIsMonotonic(false) },
		"exponential": func(m pmetric.Metric) {
			m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty().SetCount(1)
			samplertest.SetTemporality(m, pmetric.AggregationTemporalityCumulative)
		},
		"no recorded value": func(m pmetric.Metric) {
			m.Sum().DataPoints().At(0).SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
		},
		"no value": func(m pmetric.Metric) { pmetric.NewNumberDataPoint().CopyTo(m.Sum().DataPoints().At(0)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, nil)
			md := s.batch(counted{"", "a", 1, 60, 5})
			m := samplertest.MetricOf(md)
			change(m)
			for _, attributes := range samplertest.PointAttributes(md) {
				attributes.PutStr("namespace", "dropped")
			}
			assert.Nil(t, s.ConsumeMetrics(md))
		})
	}
	s := newScene(t, map[string]any{"metrics": map[string]any{"enabled": false, "remainder": map[string]any{"enabled": true, "without": []any{"x"}}}})
	assert.Nil(t, s.ConsumeMetrics(s.batch(counted{"", "a", 1, 60, 5})), "the signal is off")
	s = newScene(t, map[string]any{"dry_run": true})
	assert.Len(t, samplertest.PointAttributes(*s.ConsumeMetrics(s.batch(counted{"", "a", 1, 60, 5}))), 1, "a dry run adds nothing")
}

func TestAnotherSamplerPassesRemainders(t *testing.T) { // R8
	s := newScene(t, nil)
	out := s.ConsumeMetrics(s.batch(counted{"orders", "a", 1, 60, 5}))
	for _, settings := range []map[string]any{nil, {"metrics": map[string]any{}}, {"metrics": map[string]any{"by": "point"}}} {
		behind, md := newScene(t, settings), pmetric.NewMetrics()
		out.CopyTo(md)
		got := behind.ConsumeMetrics(md)
		require.NotNil(t, got)
		assert.Equal(t, out.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().DataPoints().Len(), got.DataPointCount())
		assert.Equal(t, map[string]int64{"kept orders passed": 2}, behind.Counts("datapoints"))
	}
}

// A series that comes to be dropped loses what it grows by in one export; what others have added stays (R9).
func TestARateThatChangesLosesOneExportAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, map[string]any{"metrics": map[string]any{
			"remainder":  map[string]any{"enabled": true, "without": []any{"task_uuid"}},
			"namespaces": map[string]any{"incident": map[string]any{"sample_rate": 1, "until": time.Now().Add(150 * time.Second).Format(time.RFC3339)}},
		}})
		// Two series were there before, and one begins while all are kept.
		assert.Empty(t, s.send(counted{"incident", "a", -60, 60, 100}, counted{"incident", "b", 1, 60, 200}))
		time.Sleep(2 * time.Minute)
		assert.Empty(t, s.send(counted{"incident", "a", -60, 120, 110}, counted{"incident", "b", 1, 120, 210}, counted{"incident", "c", 90, 120, 7}))
		time.Sleep(time.Minute) // the override has ended
		assert.Zero(t, s.last(t, counted{"incident", "a", -60, 180, 120}, counted{"incident", "b", 1, 180, 220}, counted{"incident", "c", 90, 180, 8}))
		time.Sleep(time.Minute)
		assert.EqualValues(t, 10+5+2+4, s.last(t, counted{"incident", "a", -60, 240, 130}, counted{"incident", "b", 1, 240, 225},
			counted{"incident", "c", 90, 240, 10}, counted{"incident", "new", 200, 240, 4}))
	})
}
