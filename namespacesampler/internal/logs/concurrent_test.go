// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// silent returns the DSN of a server that accepts connections and says nothing. asked is closed at the first of them; hangUp closes all.
func silent(t *testing.T) (dsn string, asked chan struct{}, hangUp func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	asked = make(chan struct{})
	var connections []net.Conn
	var stopped sync.WaitGroup
	stopped.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			if connections = append(connections, connection); len(connections) == 1 {
				close(asked)
			}
		}
	})
	hangUp = sync.OnceFunc(func() {
		_ = listener.Close()
		stopped.Wait()
		for _, c := range connections {
			_ = c.Close()
		}
	})
	t.Cleanup(hangUp)
	return "postgres://nobody@" + listener.Addr().String() + "/none?sslmode=disable", asked, hangUp
}

// While records wait for Postgres, their traces can be named, or kept.
func TestARecordFollowsATraceThatIsSettledWhileItWaits(t *testing.T) { // L3
	for name, tt := range map[string]struct {
		rates settings
		spans []samplertest.Span
		want  map[string]int64
	}{
		"named": {
			settings{"sample_rate": 0, "namespaces": settings{"payments": 1}},
			[]samplertest.Span{{ID: lowID, Attributes: named("payments")}},
			map[string]int64{"kept payments trace": 3},
		},
		"kept whole": {
			settings{"sample_rate": 0, "namespaces": settings{"other": 1}, "tracing": settings{"always_keep_traces": []any{`span.attributes["failed"] == true`}}},
			[]samplertest.Span{{ID: lowID, Attributes: settings{"failed": true}}},
			map[string]int64{"kept _none always_keep_trace": 3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn, asked, hangUp := silent(t)
			h := samplertest.Start(t, samplertest.WithPostgres(dsn, settings{"on_failure": "drop"}, tt.rates))
			key := settings{"task_uuid": samplertest.TaskID(1)}
			waiting := samplertest.LogsOf(t, of(lowID, key, nil, key)...)
			done := make(chan error)
			go func() { done <- h.LogRecords.ConsumeLogs(t.Context(), waiting) }()
			<-asked
			require.NoError(t, h.Traces.ConsumeTraces(t.Context(), samplertest.TracesOf(t, tt.spans...)))
			hangUp()
			require.NoError(t, <-done)
			assert.Equal(t, tt.want, h.Counts("log_records"))
		})
	}
}

// Spans that come while a batch is read change nothing for some records of a trace and not for others.
func TestTheRecordsOfATraceInABatchAreDecidedAlikeWhileItsSpansArrive(t *testing.T) { // L5
	h := samplertest.Start(t, settings{"sample_rate": 0, "namespaces": settings{"payments": 1}})
	for range 300 {
		id, other := samplertest.RandomID(), samplertest.RandomID()
		var records []samplertest.Record
		for range 200 {
			records = append(append(records, of(id, nil)...), of(other, nil)...)
		}
		ld := samplertest.LogsOf(t, records...)
		td := samplertest.TracesOf(t, samplertest.Span{ID: id, Attributes: named("payments")})
		h.Records.Reset()
		var both sync.WaitGroup
		both.Go(func() { assert.NoError(t, h.LogRecords.ConsumeLogs(t.Context(), ld)) })
		both.Go(func() { assert.NoError(t, h.Traces.ConsumeTraces(t.Context(), td)) })
		both.Wait()
		require.Contains(t, []int{0, 200}, h.Records.LogRecordCount())
	}
}
