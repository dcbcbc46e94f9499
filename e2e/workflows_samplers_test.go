// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// TestASamplerBehindThatReadsRVKeepsWorkflowsWhole: the processor at 1/4, and contrib's probabilistic_sampler behind it.
func TestASamplerBehindThatReadsRVKeepsWorkflowsWhole(t *testing.T) { // G3
	t.Parallel()
	all := newWorkflows(random(), 500, []string{"orders"})
	dsn, hashes := insertWorkflows(t, all), xxh64(t, keysOf(all)...)
	for mode, percentage := range map[string]string{"equalizing": "6.25", "proportional": "25"} {
		path := filepath.Join(t.TempDir(), "sampler.yaml")
		require.NoError(t, os.WriteFile(path, []byte(`processors: {probabilistic_sampler: {mode: `+mode+`, sampling_percentage: `+percentage+`}}`), 0o600))
		f := startFleet(t, 1, harness.Options{
			Base: path, AfterSpans: []string{"probabilistic_sampler"}, Processor: workflowRates(0.25, dsn, "consistent_by: [correlation_id]"),
		})
		sendWorkflows(t, random(), f.clients, all)
		want := outcomes{}
		for i := range all {
			want.expectGroup(t, 1.0/16, hashes[all[i].key], all[i].spans()...)
		}
		require.NotEmpty(t, want)
		assert.Equal(t, want, outcomesOf(f.sink.Spans()), mode)
	}
}

// TestWhoeverSampledBeforeDecides: half of the traces come by another collector with consistent_by, and half as a sampler that decides by trace
// IDs has left them.
func TestWhoeverSampledBeforeDecides(t *testing.T) { // G3
	t.Parallel()
	all := newWorkflows(random(), 200, []string{"orders"})
	dsn, hashes := insertWorkflows(t, all), xxh64(t, keysOf(all)...)
	f := startFleet(t, 1, harness.Options{Inspect: plain, Processor: workflowRates(0.2, dsn, "consistent_by: [correlation_id]")})
	first := harness.Start(t, harness.Options{SinkAddr: f.collectors[0].Addr(), Processor: workflowRates(0.5, dsn, "consistent_by: [correlation_id]")})
	client, want, sampledBefore := harness.NewClient(t, first), outcomes{}, 0
	for i := range all {
		for n, trace := range all[i].traces {
			if n%2 == 0 {
				want.expectGroup(t, 0.2, hashes[all[i].key], trace...)
				client.Traces(linked(traces(t, nil, nil, trace...), all[i].traces))
				continue
			}
			state, kept := draw(t, 0.5, trace[0].trace)
			if _, ok := trace[2].attributes["correlation_id"]; !kept || !ok { // groups are not looked up only to be counted
				continue
			}
			trace[0].state = state // one span is enough: the others of its trace follow
			want.expect(t, 0.2, trace...)
			sampledBefore += len(trace)
			f.clients[0].Traces(linked(traces(t, nil, nil, trace...), all[i].traces))
		}
	}
	assert.Equal(t, want, outcomesOf(f.sink.Spans()))
	assert.Equal(t, sampledBefore, f.sum("tracestate_faults", nil))
	assert.Equal(t, sampledBefore, f.sum("tracestate_faults", harness.Labels{"fault": "group_overruled"}))
	_, body := inspect(t, f.collectors[0], "/namespaces", nil)
	assert.Contains(t, body, `"group_overruled"`)
}
