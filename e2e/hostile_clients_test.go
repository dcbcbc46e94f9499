// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// attackInspect connects hostile clients to the inspect server of a collector: some are silent, some do not end their request, and some
// send requests until the server can write no more answers, which they never read.
func attackInspect(t *testing.T, collector *harness.Collector) {
	t.Helper()
	const page = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
	connect := func() net.Conn {
		conn, err := net.Dial("tcp", collector.Inspect())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	for range 10 {
		connect()
		_, err := connect().Write([]byte(page[:20]))
		require.NoError(t, err)
		_, err = connect().Write([]byte("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: snappy\r\nContent-Length: 19000000\r\n\r\n1"))
		require.NoError(t, err)
		unread := connect()
		for err == nil {
			require.NoError(t, unread.SetWriteDeadline(time.Now().Add(300*time.Millisecond)))
			_, err = unread.Write([]byte(strings.Repeat(page, 1000)))
		}
		require.ErrorIs(t, err, os.ErrDeadlineExceeded, "the server reads no more requests")
	}
}

// base writes a configuration file with processors besides the one that is tested.
func base(t *testing.T, processors string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "base.yaml")
	require.NoError(t, os.WriteFile(path, []byte("processors: {"+processors+"}\n"), 0o600))
	return path
}

// The clients could hold up the collector until the time-outs of the server, here an hour: longer than the test waits for the collector.
// The processor behind this one still held the spans then.
func TestHostileInspectClientsDelayNeitherStopNorReload(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	options := harness.Options{
		Base: base(t, "batch: {timeout: 1h, send_batch_size: 1000000}"), After: []string{"batch"}, Sink: sink, Expect: []string{"restart service"}, Processor: "sample_rate: 1",
		Inspect: "write_timeout: 1h\n  read_timeout: 1h\n  read_header_timeout: 1h\n  idle_timeout: 1h",
	}
	collector := harness.Start(t, options)
	r := random()
	for _, restart := range []func(){func() { collector.Reload(&options) }, collector.Stop} {
		harness.NewClient(t, collector).Traces(traces(t, nil, nil, randomSpans(r, 100, attrs{"namespace": "payments"})...))
		assert.Empty(t, sink.Spans(), "the spans are acknowledged and held")
		attackInspect(t, collector)
		restart()
		assert.Len(t, sink.Spans(), 100)
		sink.Reset()
	}
}

func TestInspectServesOnlyAllowedHosts(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: "sample_rate: 1", Inspect: "allowed_hosts: [collector.example.com]"})
	ask := func(host string) int {
		status, body := inspect(t, collector, "/config", func(r *http.Request) { r.Host = host })
		assert.Equal(t, status == http.StatusOK, strings.Contains(body, "telemetry"), body)
		return status
	}
	assert.Equal(t, http.StatusOK, ask(collector.Inspect()))
	assert.Equal(t, http.StatusOK, ask("localhost"))
	assert.Equal(t, http.StatusOK, ask("collector.example.com"))
	assert.Equal(t, http.StatusForbidden, ask("evil.example.com"))
}

// Forty of these took the collector from 54 to over 400 MB.
func TestBodiesSentToInspectCostNoMemory(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: "sample_rate: 1", Inspect: plain})
	before := collector.Scrape().Sum(totalAllocated, nil)
	bomb := snappyBomb(19 << 20)
	for i := range 40 {
		status, _ := inspect(t, collector, "/config", func(r *http.Request) {
			r.Method = []string{http.MethodPost, http.MethodGet}[i%2]
			r.Header.Set("Content-Encoding", "snappy")
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(bomb)), int64(len(bomb))
		})
		assert.Contains(t, []int{http.StatusOK, http.StatusMethodNotAllowed}, status)
	}
	allocated := collector.Scrape().Sum(totalAllocated, nil) - before
	assert.Less(t, allocated, float64(40<<20), "a single body expands to half as much")
}

// totalAllocated counts the bytes that a collector has allocated since its start.
const totalAllocated = "otelcol_process_runtime_total_alloc_bytes"

// snappyBomb returns bytes that expand to a size: a literal byte, then copies of the 64 bytes that begin one byte before.
func snappyBomb(size int) []byte {
	bomb := append(binary.AppendUvarint(nil, uint64(1+size/64*64)), 0, 'x')
	return append(bomb, bytes.Repeat([]byte{63<<2 | 2, 1, 0}, size/64)...)
}
