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

// queuedHTTP is the same for the exporter of OTLP over HTTP.
const queuedHTTP = ", retry_on_failure: {initial_interval: 100ms, max_interval: 1s}"

func TestAnUpgradeUnderLoadLosesAndDuplicatesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, front string }{
		{name: "clients that try again"},
		{name: "a collector with a queue in front", front: "otlp_grpc"},
		{name: "a collector with a queue in front, spans and log records over HTTP", front: "otlp_http"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const upgrades, clients = 2, 4
			task := newTask("orders")
			dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutTasker, task)
			sink, binary, http := harness.NewSink(t), install(t), harness.FixedAddress(t)
			arrived := observeArrivals(sink)
			began := time.Now()
			sampler := harness.Start(t, harness.Options{
				Binary: binary.path, Sink: sink, FixedPorts: true, After: []string{"batch"}, Processor: resolving(dsn, ""), Delivery: queued,
				Base: configuration(t, "processors: {batch: {}}\nreceivers: {otlp: {protocols: {http: {endpoint: "+http+"}}}}"),
			})
			first := sampler
			if tt.front != "" {
				first = harness.Start(t, harness.Options{
					Bare: true, SinkAddr: sampler.Addr(), Delivery: queued, SpanExporter: tt.front, LogExporter: tt.front, Expect: []string{"connection"},
					Base: configuration(t, "exporters: {otlp_http: {endpoint: http://"+http+queuedHTTP+"}}"),
				})
			}
			load := startRetryingLoad(t, first, clients,
				loadGroup{namespaceIs("payments"), []float64{1}, 2},
				loadGroup{[]attribute.KeyValue{attribute.String("task_uuid", task.UUID)}, []float64{0.5}, 8},
				loadGroup{namespaceIs("silent"), []float64{0}, 2},
				loadGroup{namespaceIs("nobody listed it"), []float64{0.25}, 8},
			)
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
			if tt.front != "" {
				awaitSent(t, first)
			}
			sampler.Stop()
			arrived.assertExact(t, load.sent, life{began, time.Now()})
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

// configuration writes a part of a configuration and returns its path.
func configuration(t *testing.T, yaml string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "base.yaml")
	require.NoError(t, os.WriteFile(path, []byte(yaml), 0o600))
	return path
}

// batching is the part of a configuration that has a batch processor.
const batching = "processors: {batch: {}}"
