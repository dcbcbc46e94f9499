// SPDX-License-Identifier: Apache-2.0

package points_test

import (
	"fmt"
	"os"
	"path/filepath"
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
	d := samplertest.NewDatabase(t, 4)
	s := newScene(t, resolving(d.DSN, map[string]any{"wait": "0s"}, map[string]any{"sample_rate": 1, "namespaces": map[string]any{"ns-0": 0}}))
	const task = 0
	unlock := d.LockTasks()
	out := s.ConsumeMetrics(s.ofTasks(counted{"", samplertest.TaskID(task), 1, 60, 100}))
	require.NotNil(t, out, "it is kept at the global rate")
	unlock()
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

// A runtime override raises a rate to 1, and is removed. Series that come to be kept, and then to be dropped again, lose what they grow by in one
// export each time; nothing is counted twice, and the others stay exact (R9).
func TestARuntimeOverrideLosesOneExportEachWay(t *testing.T) {
	script, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "overrides.sql"))
	require.NoError(t, err)
	d := samplertest.NewDatabase(t, 0, string(script))
	settings := samplertest.WithPostgres(d.DSN, map[string]any{"layout": "none", "overrides": map[string]any{"enabled": true}}, map[string]any{
		"namespaces": map[string]any{"incident": 0.5, "steady": 0.5},
	})
	s := newScene(t, settings)
	const tasks, step = 200, 10
	in, out := newLedger(), newLedger()
	export := 0
	send := func(exports int) {
		for range exports {
			export++
			var points []counted
			for task := range tasks {
				for _, namespace := range []string{"incident", "steady"} {
					points = append(points, counted{namespace, fmt.Sprint(namespace, task), -60, float64(60 * export), int64(1000 + step*export)})
				}
			}
			md := s.batch(points...)
			in.add(observe(&md))
			got := observe(s.ConsumeMetrics(md))
			for i := range got { // a series that comes to be kept is where a backend begins to count
				if _, ok := out.last[got[i].series]; !ok && !got[i].isRemainder {
					out.last[got[i].series] = got[i]
				}
			}
			out.add(got)
			in.isFirst, out.isFirst = false, false
		}
	}
	inForce := func(n int64) {
		require.Eventually(t, func() bool { return s.AllCounts()["overrides_in_force"]["all"] == n }, time.Minute, time.Millisecond)
	}
	inForce(0)
	send(3)
	kept := s.Counts("datapoints")["kept incident exact"] / 3
	d.Exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('incident', 1)`)
	inForce(1)
	send(3)
	d.Exec(`DELETE FROM namespace_sampling_overrides`)
	inForce(0)
	send(3)
	lost := map[string]float64{}
	for group, growth := range in.growth {
		lost[group] = growth[0] - out.growth[group][0]
	}
	assert.Equal(t, map[string]float64{"workIntincident<nil>": float64(2 * step * (tasks - kept)), "workIntsteady<nil>": 0}, lost)
}
