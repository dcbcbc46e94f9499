// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

const (
	idleFor    = 30 * time.Second
	startGrace = time.Minute
	pollsEvery = time.Millisecond
)

// BenchmarkStart measures how long a collector takes to start, and its memory when nothing arrives. Run it with -benchtime 10x on a quiet
// machine. It reports medians over the starts:
//
//	healthy-ms, span-ms  time from the start of the process until the health check answers, and until a span is acknowledged
//	cpu-ms               CPU time until then, with a resolution of 10 ms
//	start-MB             resident memory then
//	idle-MB              resident memory of one more 30 s after its start, of which
//	file-MB              are pages of the binary, which processes share
//	heap-MB              the live and dead objects of Go's heap
func BenchmarkStart(b *testing.B) {
	dsn := newDatabase(b, sharedCluster(b), taskerdb.LayoutTasker)
	for _, bb := range []struct {
		name  string
		files []string
	}{
		{"otlp_to_nop", []string{startYAML(b, `
receivers: {otlp: {protocols: {grpc: {endpoint: "${env:OTLP_GRPC_ENDPOINT}"}}}}
exporters: {nop: {}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}`)}},
		{"minimal", []string{testdata + "/minimal.yaml"}},
		{"production", []string{testdata + "/base.yaml", testdata + "/production.yaml"}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var starts []measuredStart
			for b.Loop() {
				starts = append(starts, measureStart(b, bb.files, dsn, false))
			}
			last := measureStart(b, bb.files, dsn, true)
			median := func(of func(measuredStart) float64) float64 {
				values := make([]float64, len(starts))
				for i, s := range starts {
					values[i] = of(s)
				}
				slices.Sort(values)
				return values[len(values)/2]
			}
			b.ReportMetric(median(func(s measuredStart) float64 { return s.healthy }), "healthy-ms")
			b.ReportMetric(median(func(s measuredStart) float64 { return s.span }), "span-ms")
			b.ReportMetric(median(func(s measuredStart) float64 { return s.cpu }), "cpu-ms")
			b.ReportMetric(median(func(s measuredStart) float64 { return s.resident }), "start-MB")
			b.ReportMetric(last.idle, "idle-MB")
			b.ReportMetric(last.idle-last.anonymous, "file-MB")
			b.ReportMetric(last.heap, "heap-MB")
			b.ReportMetric(0, "ns/op") // it includes the stop
		})
	}
}

// measuredStart is what one start took: times in milliseconds, memory in megabytes.
type measuredStart struct {
	healthy, span, cpu, resident float64
	idle, anonymous, heap        float64 // if it was waited for
}

func startYAML(b *testing.B, yaml string) string {
	b.Helper()
	path := b.TempDir() + "/config.yaml"
	require.NoError(b, os.WriteFile(path, []byte(yaml), 0o600))
	return path
}

func measureStart(b *testing.B, files []string, dsn string, waits bool) (m measuredStart) {
	b.Helper()
	otlp, health, metrics := harness.FixedAddress(b), harness.FixedAddress(b), harness.FixedAddress(b)
	host, port, err := net.SplitHostPort(metrics)
	require.NoError(b, err)
	files = append(slices.Clone(files), startYAML(b, fmt.Sprintf(`
extensions: {health_check: {endpoint: %q}}
service:
  extensions: [health_check]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: %s, port: %s}}}}]}}`, health, host, port)))
	var arguments []string
	for _, file := range files {
		arguments = append(arguments, "--config", file)
	}
	cmd := exec.Command(harness.Otelcol(b), arguments...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+dsn, "OTLP_GRPC_ENDPOINT="+otlp, "OTLP_RECEIVER_ENDPOINT="+otlp, "OTLP_HTTP_ENDPOINT="+harness.FixedAddress(b))
	ctx, cancel := context.WithTimeout(b.Context(), startGrace)
	defer cancel()
	began := time.Now()
	process, err := child.Start(cmd, syscall.SIGKILL)
	require.NoError(b, err)
	defer func() { require.NoError(b, process.Stop(startGrace)) }()

	healthy := make(chan float64, 1)
	go func() {
		pollUntil(ctx, func() bool {
			response, err := http.Get("http://" + health)
			if err != nil {
				return false
			}
			defer func() { _ = response.Body.Close() }()
			return response.StatusCode == http.StatusOK
		})
		healthy <- milliseconds(time.Since(began))
	}()
	conn, err := grpc.NewClient(otlp, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(b, err)
	defer func() { _ = conn.Close() }()
	pollUntil(ctx, func() bool { // gRPC would wait for a second before it tried again to connect
		probe, err := net.Dial("tcp", otlp)
		if err == nil {
			_ = probe.Close()
		}
		return err == nil
	})
	request := ptraceotlp.NewExportRequestFromTraces(traces(b, nil, nil, newSpan(trace(b, "1"), "", namespaced("payments"))))
	_, err = ptraceotlp.NewGRPCClient(conn).Export(ctx, request, grpc.WaitForReady(true))
	require.NoError(b, err)
	m.span, m.healthy = milliseconds(time.Since(began)), <-healthy

	proc, err := procfs.NewProc(process.PID())
	require.NoError(b, err)
	stat, err := proc.Stat()
	require.NoError(b, err)
	memory, err := proc.ProcSMapsRollup()
	require.NoError(b, err)
	m.cpu, m.resident = stat.CPUTime()*1e3, float64(memory.Rss)/1e6
	if waits {
		<-time.After(idleFor)
		memory, err = proc.ProcSMapsRollup()
		require.NoError(b, err)
		status, err := proc.NewStatus()
		require.NoError(b, err)
		m.idle, m.anonymous, m.heap = float64(memory.Rss)/1e6, float64(status.RssAnon)/1e6, heapOf(b, metrics)/1e6
	}
	return m
}

// pollUntil calls a function until it returns true.
func pollUntil(ctx context.Context, done func() bool) {
	again := time.NewTicker(pollsEvery)
	defer again.Stop()
	for !done() && ctx.Err() == nil {
		<-again.C
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// heapOf returns the bytes of the heap of a collector, of its internal metrics.
func heapOf(b *testing.B, address string) (bytes float64) {
	b.Helper()
	scraped := harness.ScrapeAt(b, address)
	for name := range scraped {
		if strings.HasPrefix(name, "otelcol_process_runtime_heap_alloc") {
			return scraped.Sum(name, nil)
		}
	}
	b.Fatal("no metric tells the size of the heap")
	return 0
}
