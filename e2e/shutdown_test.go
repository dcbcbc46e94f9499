// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

func TestTheCollectorStopsUnderLoadWhilePostgresHangs(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Expect: []string{cannotAsk, breakerOpens}, Processor: `
postgres: {dsn: "postgres://tasker@` + hangingServer(t) + `/tasker?sslmode=disable", wait: 200ms, query_timeout: 5m}
`})
	// The senders continue until the collector has exited. Each request has new keys.
	var senders sync.WaitGroup
	for range 8 {
		client := harness.NewClient(t, collector)
		senders.Go(func() {
			r := random()
			for {
				spans := randomSpans(r, 20, attrs{"task_uuid": taskerdb.NewUUID(time.Now())})
				if client.TryTraces(t.Context(), traces(t, nil, nil, spans...)) != nil {
					return
				}
			}
		})
	}
	require.True(t, harness.Eventually(time.Minute, func() bool { return len(sink.Spans()) > 1000 }), "spans reach the sink")

	collector.Stop() // in far less than query_timeout, with exit status 0 and a clean log
	senders.Wait()
	assert.Contains(t, collector.Log().String(), "Shutdown complete")
}

func TestTheCollectorStopsWhilePostgresIsDown(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Expect: []string{cannotAsk, breakerOpens}, Processor: `
postgres: {dsn: "postgres://tasker@` + harness.RefusingAddress(t) + `/tasker?sslmode=disable"}
`})
	client := harness.NewClient(t, collector)
	client.Traces(traces(t, nil, nil, newSpan(trace(t, "1"), "", attrs{"task_uuid": taskerdb.NewUUID(time.Now())})))
	assert.Len(t, sink.Spans(), 1)
	collector.Stop()
}
