// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// ofTasks returns points of tasks, whose namespaces are not on them.
func (s *scene) ofTasks(points ...counted) pmetric.Metrics {
	md := s.batch(points...)
	for _, attributes := range samplertest.PointAttributes(md) {
		attributes.Remove("namespace")
	}
	return md
}

func resolving(dsn string, section map[string]any, settings map[string]any) map[string]any {
	all := samplertest.WithPostgres(dsn, section, settings)
	all["metrics"] = map[string]any{"remainder": map[string]any{"enabled": true}}
	return all
}

// Tasks of both namespaces are looked up although no rate keeps them, and the remainders carry the namespaces, and no key (R1).
func TestRemaindersCarryResolvedNamespaces(t *testing.T) {
	dsn := samplertest.NewDatabase(t, 4).DSN
	s := newScene(t, resolving(dsn, nil, map[string]any{"sample_rate": 0}))
	out := s.ConsumeMetrics(s.ofTasks(counted{"", samplertest.TaskID(0), 1, 60, 1}, counted{"", samplertest.TaskID(1), 1, 60, 20},
		counted{"", "0198f000-0000-7000-8000-ffffffffffff", 1, 60, 300}))
	require.NotNil(t, out)
	got := map[string]int64{}
	for _, dp := range samplertest.MetricOf(*out).Sum().DataPoints().All() {
		own := dp.Attributes().AsRaw()
		delete(own, remainderID)
		name, _ := own["namespace"].(string)
		delete(own, "namespace")
		assert.Empty(t, own)
		got[name] = dp.IntValue()
	}
	assert.Equal(t, map[string]int64{"ns-0": 1, "ns-1": 20, "": 300}, got)
	assert.EqualValues(t, 2, s.Counts("lookup_keys")["resolved"])
}

// A series that was kept because its key could not be resolved in time comes to be dropped: what was kept of it is not added (R3, R9).
func TestASeriesWhoseKeyResolvesLateIsWhereCountingBegins(t *testing.T) {
	dsn := samplertest.NewDatabase(t, 4).DSN
	s := newScene(t, resolving(dsn, map[string]any{"wait": "0s"}, map[string]any{"sample_rate": 1, "namespaces": map[string]any{"ns-0": 0}}))
	const task = 0
	out := s.ConsumeMetrics(s.ofTasks(counted{"", samplertest.TaskID(task), 1, 60, 100}))
	require.NotNil(t, out, "it is kept at the global rate")
	var begins []pmetric.NumberDataPoint
	require.Eventually(t, func() bool { // batches do not wait for the lookup
		begins = nil
		out := s.ConsumeMetrics(s.ofTasks(counted{"", samplertest.TaskID(task), 1, 120, 110}))
		for _, dp := range samplertest.MetricOf(*out).Sum().DataPoints().All() {
			if _, ok := dp.Attributes().Get(remainderID); ok {
				begins = append(begins, dp)
			}
		}
		return begins != nil
	}, time.Minute, time.Millisecond)
	assert.Zero(t, begins[len(begins)-1].IntValue())
	out = s.ConsumeMetrics(s.ofTasks(counted{"", samplertest.TaskID(task), 1, 180, 117}))
	assert.EqualValues(t, 7, samplertest.MetricOf(*out).Sum().DataPoints().At(0).IntValue())
}

// What on_failure drops is added, too. It is where counting begins, since it may have been kept before (R1, R3).
func TestWhatIsDroppedBecausePostgresIsDownIsAdded(t *testing.T) {
	s := newScene(t, resolving("host=127.0.0.1 port=1 dbname=none", map[string]any{"on_failure": "drop"}, map[string]any{"sample_rate": 1}))
	send := func(at float64, value int64) int64 {
		out := s.ConsumeMetrics(s.ofTasks(counted{"", samplertest.TaskID(0), 1, at, value}))
		require.NotNil(t, out)
		points := samplertest.MetricOf(*out).Sum().DataPoints()
		return points.At(points.Len() - 1).IntValue()
	}
	assert.Zero(t, send(60, 100))
	assert.EqualValues(t, 5, send(120, 105))
}
