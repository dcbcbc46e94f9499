// SPDX-License-Identifier: Apache-2.0

package run

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// cutSizes hold traces whose first requests have no namespace.
var cutSizes = workload.Sizes{Spans: 6000, Tasks: 600, Seed: 1, Cut: true}

func holdSetting(wait string) config.Setting {
	return config.Setting{Key: "tracing::hold::wait", Value: wait}
}

func TestACollectorThatDoesNotWaitFailsTheRun(t *testing.T) { // T19
	t.Parallel()
	f := &fakeCollector{}
	f.spoilTraces = func(ptrace.Traces) { f.letAllGo() }
	r, report := runSizes(t, f, cutSizes, holdSetting("1h"))
	assert.False(t, r.Passed())
	assert.Contains(t, report, "FAIL  spans: exactly the expected spans are kept")
	assert.Contains(t, report, "FAIL  counters: every item is counted once, under its namespace, decision and rule")
}

func TestACollectorThatHoldsNothingFailsTheRun(t *testing.T) { // T19
	t.Parallel()
	f := withSettings(t, holdSetting("0s"))
	r, report := runSizes(t, f, cutSizes, holdSetting("1h"))
	assert.False(t, r.Passed())
	assert.Contains(t, report, "FAIL  counters: exactly the expected spans are held")
}

func TestACollectorThatKeepsNoFailingTraceFailsTheRun(t *testing.T) { // T18
	t.Parallel()
	f := withSettings(t, config.Setting{Key: "tracing::always_keep_traces", Value: "[]"})
	r, report := runSizes(t, f, smallSizes)
	assert.False(t, r.Passed())
	assert.Contains(t, report, "FAIL  failing traces: all are kept whole")
}

// withSettings returns a collector that has other settings than the tool knows.
func withSettings(t *testing.T, settings ...config.Setting) *fakeCollector {
	t.Helper()
	processor, err := config.Read("../../../../testdata/demo.yaml", settings...)
	require.NoError(t, err)
	return &fakeCollector{oracle: newOracle(processor, workload.NewTasks(cutSizes.Seed, cutSizes.Tasks))}
}

func TestAMachineThatIsTooSlowForTheWaitGetsNoVerdict(t *testing.T) {
	t.Parallel()
	processor, err := config.Read("../../../../testdata/demo.yaml", holdSetting("1ns"))
	require.NoError(t, err)
	f := withSettings(t, holdSetting("1ns"))
	in, out := listen(t), listen(t)
	require.NoError(t, f.start(in, out.Addr().String()))
	t.Cleanup(f.stop)
	r := Runner{
		Processor: processor, Sizes: cutSizes, Tasks: workload.NewTasks(cutSizes.Seed, cutSizes.Tasks),
		Endpoint: in.Addr().String(), Listener: out, Quiet: time.Millisecond, Progress: t.Output(),
	}
	_, err = r.Run(t.Context())
	require.ErrorContains(t, err, "tracing::hold::wait: the machine is too slow for the wait of 1ns")
	assert.NoError(t, r.checkWait(0))
}

func TestTheRunWaitsUntilNothingIsHeldAnyMore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wait  string
		held  []int // the last one from then on
		first int
		want  int64 // readings, at least
	}{
		"until the collector has let all go": {"1h", []int{3, 1, 0}, 3, 3},
		"no longer than spans can be held":   {"1ms", []int{1}, 1, 1},
		"not if nothing can be held":         {"0s", []int{1}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var readings atomic.Int64
			own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				n := int(readings.Add(1))
				printf(w, "otelcol_processor_namespace_sampler_held_spans %d\n", test.held[min(n, len(test.held))-1])
			}))
			t.Cleanup(own.Close)
			processor, err := config.Read("../../../../testdata/demo.yaml", holdSetting(test.wait))
			require.NoError(t, err)
			r := Runner{Processor: processor, MetricsURL: own.URL, Quiet: time.Millisecond}
			held, err := r.awaitLetGo(t.Context())
			require.NoError(t, err)
			assert.Equal(t, test.first, held)
			assert.GreaterOrEqual(t, readings.Load(), test.want)
		})
	}
}

func TestWithoutTheCollectorsOwnMetricsTheSilenceMayLastAsLongAsTheWait(t *testing.T) {
	t.Parallel()
	processor, err := config.Read("../../../../testdata/demo.yaml", holdSetting("10s"))
	require.NoError(t, err)
	r := Runner{Processor: processor, Quiet: time.Second}
	_, err = r.awaitLetGo(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 11*time.Second, r.quiet())
	r.MetricsURL = "http://localhost"
	assert.Equal(t, time.Second, r.quiet())
}

func TestTheWaitIsSeveralTimesAsLongAsTheRunBefore(t *testing.T) {
	t.Parallel()
	assert.Equal(t, holdSetting("10s"), holdFor(2*time.Second))
	assert.Equal(t, holdSetting("1m2s"), holdFor(15400*time.Millisecond))
}
