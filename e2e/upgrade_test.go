// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// installed is a collector's binary that can be upgraded, as a package does it: the new file takes the name of the old one, which runs on
// without a name.
type installed struct {
	t    *testing.T
	path string
}

func install(t *testing.T) *installed {
	t.Helper()
	i := &installed{t: t, path: filepath.Join(t.TempDir(), "otelcol-tasker")}
	i.upgrade()
	return i
}

func (i *installed) upgrade() {
	i.t.Helper()
	binary, err := os.ReadFile(harness.Otelcol(i.t))
	require.NoError(i.t, err)
	require.NoError(i.t, os.WriteFile(i.path+".new", binary, 0o700))
	require.NoError(i.t, os.Rename(i.path+".new", i.path))
}

// queued is an exporter that others can wait for: it has the collector's own queue, and tries again soon.
const queued = `
sending_queue: {enabled: true}
retry_on_failure: {enabled: true, initial_interval: 100ms, max_interval: 1s}
`

func TestAnUpgradeUnderLoadLosesAndDuplicatesNothing(t *testing.T) {
	t.Parallel()
	for name, hasFront := range map[string]bool{"clients that try again": false, "a collector with a queue in front": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const upgrades, clients = 2, 4
			task := newTask("orders")
			dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, task)
			sink, binary := harness.NewSink(t), install(t)
			arrived := observeArrivals(sink)
			sampler := harness.Start(t, harness.Options{
				Binary: binary.path, Sink: sink, FixedPorts: true, Base: batching(t), After: []string{"batch"},
				Processor: resolving(dsn, ""), Delivery: queued,
			})
			first := sampler
			if hasFront {
				first = harness.Start(t, harness.Options{Bare: true, SinkAddr: sampler.Addr(), Delivery: queued, Expect: []string{"connection"}})
			}
			load := startRetryingLoad(t, first, clients,
				loadGroup{attributes: []attribute.KeyValue{attribute.String("namespace", "payments")}, rates: []float64{1}, items: 2},
				loadGroup{attributes: []attribute.KeyValue{attribute.String("task_uuid", task.UUID)}, rates: []float64{0.5}, items: 8},
				loadGroup{attributes: []attribute.KeyValue{attribute.String("namespace", "silent")}, rates: []float64{0}, items: 2},
				loadGroup{attributes: []attribute.KeyValue{attribute.String("namespace", "nobody listed it")}, rates: []float64{0.25}, items: 8},
			)
			began := time.Now()
			load.await(100)
			for range upgrades {
				binary.upgrade()
				assert.False(t, sampler.Runs(binary.path), "the old binary runs on")
				load.await(100)
				stopping := time.Now()
				sampler.Stop()
				stopped := time.Now()
				sampler.StartAgain()
				t.Logf("stopped within %v, ready again after %v", stopped.Sub(stopping), time.Since(stopped))
				assert.True(t, sampler.Runs(binary.path))
				load.await(100)
			}
			load.stop()
			t.Logf("for %v at most nothing was acknowledged, and for %v nothing reached the sink", load.longestGap(), arrived.longestGap())
			if hasFront {
				awaitSent(t, first)
			}
			sampler.Stop()
			arrived.assertExact(t, load.sent, life{began.Add(-time.Hour), time.Now()})
			assert.Zero(t, arrived.duplicates)
		})
	}
}

// awaitSent waits until a collector without a processor has sent everything that it accepted.
func awaitSent(t *testing.T, collector *harness.Collector) {
	t.Helper()
	require.True(t, harness.Eventually(time.Minute, func() bool {
		metrics := collector.Scrape()
		for _, items := range []string{"spans", "metric_points", "log_records"} {
			accepted := metrics.Sum("otelcol_receiver_accepted_"+items, nil)
			if accepted == 0 || metrics.Sum("otelcol_exporter_sent_"+items, nil) < accepted {
				return false
			}
		}
		return true
	}), "the queue becomes empty")
}

// batching writes the part of a configuration that has a batch processor.
func batching(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "batch.yaml")
	require.NoError(t, os.WriteFile(path, []byte("processors: {batch: {}}\n"), 0o600))
	return path
}
