// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

const (
	reloads   = "Config updated, restart service" // a warning
	downloads = "unable to download the file"
)

func namespaceIs(name string) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("namespace", name)}
}

func TestARemoteConfigurationIsReloadedUnderLoad(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, delivery string
		after          []string
	}{
		{"acknowledged when exported", "", nil},
		{"acknowledged when in the batch processor", queued, []string{"batch"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sink, remote := harness.NewSink(t), harness.NewRemote(t, false)
			arrived, base := observeArrivals(sink), configuration(t, batching)
			options := harness.Options{
				Sink: sink, Remote: remote, FixedPorts: true, Inspect: plain, Expect: []string{reloads},
				Base: base, Delivery: tt.delivery, After: tt.after,
				Processor: "sample_rate: 0.25\nnamespaces: {payments: 1, orders: 0.5, analytics: 0.01}",
			}
			began := time.Now()
			collector := harness.Start(t, options)
			load := startRetryingLoad(t, collector, 4,
				loadGroup{namespaceIs("payments"), []float64{1, 1}, 2},
				loadGroup{namespaceIs("orders"), []float64{0.5, 0.1}, 10},
				loadGroup{namespaceIs("analytics"), []float64{0.01, 1}, 4},
				loadGroup{namespaceIs("nobody listed it"), []float64{0.25, 0.25}, 4},
			)
			load.await(100)

			options.Processor = "sample_rate: 0.25\nnamespaces: {payments: 1, orders: 0.1, analytics: 1}"
			remote.Serve(collector.Configuration(&options))
			code, output := otelcol(t, "validate", "--config", base, "--config", remote.URL())
			require.Zero(t, code, output)
			load.await(100)
			_, inForce := inspect(t, collector, "/config", nil)
			assert.Contains(t, inForce, `"orders":0.5`, "nothing is read before the signal")

			signalled := time.Now()
			collector.Reload(&options)
			ready := time.Now()
			_, inForce = inspect(t, collector, "/config", nil)
			assert.Contains(t, inForce, `"orders":0.1`)
			load.await(100)
			load.stop()
			t.Logf("ready again after %v; for %v at most nothing was acknowledged", ready.Sub(signalled), load.longestGap())
			collector.Stop()
			arrived.assertExact(t, load.sent, life{began, signalled}, life{ready, time.Now()})
			assert.Zero(t, arrived.duplicates)
		})
	}
}

func TestAnInvalidRemoteConfigurationDoesNothingUntilTheSignal(t *testing.T) {
	t.Parallel()
	sink, remote := harness.NewSink(t), harness.NewRemote(t, false)
	options := harness.Options{Sink: sink, Remote: remote, FixedPorts: true, Processor: rates}
	collector := harness.Start(t, options)
	client := harness.NewClient(t, collector)

	remote.Serve([]byte("processors: {namespace_sampler: {sample_rate: 50}}"))
	code, output := otelcol(t, "validate", "--config", remote.URL())
	assert.Equal(t, 1, code)
	assert.Contains(t, output, "sample rate must be between 0 and 1, got 50")
	client.Traces(traces(t, nil, nil, randomSpans(random(), 10, namespaced("payments"))...))
	assert.Len(t, sink.Spans(), 10)

	collector.Hangup()
	assert.Equal(t, 1, collector.AwaitExit())
	assert.Contains(t, collector.Log().String(), "sample rate must be between 0 and 1, got 50")
	assert.Equal(t, 1, collector.Log().Count("Stopping extensions"), "the pipelines are stopped before the configuration is read")
}

func TestACollectorExitsIfTheServerOfItsConfigurationIsDownAtReload(t *testing.T) {
	t.Parallel()
	sink, remote := harness.NewSink(t), harness.NewRemote(t, false)
	options := harness.Options{
		Sink: sink, Remote: remote, FixedPorts: true, Processor: rates, Expect: []string{reloads, downloads},
		Base: configuration(t, batching), After: []string{"batch"}, Delivery: queued,
	}
	collector := harness.Start(t, options)
	client := harness.NewClient(t, collector)
	send := func(n int) { client.Traces(traces(t, nil, nil, randomSpans(random(), n, namespaced("payments"))...)) }
	send(10)

	remote.Down()
	code, output := otelcol(t, "validate", "--config", remote.URL())
	assert.Equal(t, 1, code, "so that validate prevents it")
	assert.Contains(t, output, "connection refused")
	send(10)
	collector.Hangup()
	assert.Equal(t, 1, collector.AwaitExit())
	assert.Len(t, sink.Spans(), 20, "what was acknowledged is exported before")
	assert.Contains(t, collector.Log().String(), downloads)
	code, _ = otelcol(t, "--config", remote.URL())
	assert.Equal(t, 1, code, "what starts it again tries in vain")

	remote.Up()
	collector.StartAgain()
	client = harness.NewClient(t, collector)
	send(10)
	collector.Stop()
	assert.Len(t, sink.Spans(), 30)
}

// A server that accepts the request and does not answer is worse: the collector has no timeout for it.
func TestACollectorIsAwayWhileTheServerOfItsConfigurationHangs(t *testing.T) {
	t.Parallel()
	sink, remote := harness.NewSink(t), harness.NewRemote(t, false)
	collector := harness.Start(t, harness.Options{Sink: sink, Remote: remote, FixedPorts: true, Processor: rates})
	remote.Hang()
	collector.Hangup()
	require.True(t, harness.Eventually(time.Minute, func() bool { return remote.Waiting() == 1 }))
	spans := traces(t, nil, nil, randomSpans(random(), 10, namespaced("payments"))...)
	require.ErrorContains(t, harness.NewClient(t, collector).TryTraces(t.Context(), spans), "connection refused")

	collector.Terminate()
	remote.Answer()
	assert.Zero(t, collector.AwaitExit())
	_, answered, _ := strings.Cut(collector.Log().String(), reloads)
	began, ended := strings.Index(answered, "Everything is ready"), strings.Index(answered, `"terminated"`)
	assert.Positive(t, began)
	assert.Less(t, began, ended, "SIGTERM is handled when the configuration has arrived")
}

func TestAConfigurationIsServedWithTLS(t *testing.T) {
	t.Parallel()
	sink, remote := harness.NewSink(t), harness.NewRemote(t, true)
	trusted := []string{"SSL_CERT_FILE=" + remote.Certificate()}
	options := harness.Options{Sink: sink, Remote: remote, FixedPorts: true, Processor: rates, Env: trusted, Expect: []string{reloads}}
	collector := harness.Start(t, options)
	code, output := otelcol(t, "validate", "--config", remote.URL())
	assert.Equal(t, 1, code)
	assert.Contains(t, output, "certificate signed by unknown authority")
	code, output = otelcolWith(t, trusted, "validate", "--config", remote.URL())
	assert.Zero(t, code, output)
	collector.Reload(&options)
	harness.NewClient(t, collector).Traces(traces(t, nil, nil, randomSpans(random(), 10, namespaced("payments"))...))
	assert.Len(t, sink.Spans(), 10)
}
