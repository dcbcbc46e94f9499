// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

func TestOnlyWhatTheRunAddedToACounterCounts(t *testing.T) {
	t.Parallel()
	at := func(kept, dropped int) *ledger.Scrape {
		s, err := ledger.Parse(strings.NewReader(fmt.Sprintf(`
otelcol_processor_namespace_sampler_spans_total{decision="kept",sampling_namespace="orders",rule="trace"} %d
otelcol_processor_namespace_sampler_spans_total{decision="dropped",sampling_namespace="_none",rule="global"} %d
otelcol_processor_namespace_sampler_log_records_total{decision="kept",sampling_namespace="orders",rule="trace"} %d
`, kept, dropped, 2*kept)))
		require.NoError(t, err)
		return s
	}
	kept, dropped := oracle.Counter{Namespace: "orders", Decision: "kept", Rule: oracle.RuleTrace}, oracle.Counter{Namespace: "_none", Decision: "dropped", Rule: oracle.RuleGlobal}
	r := &Run{
		Growth:  &ledger.Growth{Before: at(40, 5), After: at(100, 15)},
		Spans:   &ledger.Summary{Metric: "spans", Counters: map[oracle.Counter]int{kept: 60, dropped: 10}},
		Points:  &ledger.Summary{},
		Records: &ledger.Summary{Metric: "log_records", Counters: map[oracle.Counter]int{kept: 120}},
	}
	off, detail := r.counterFaults()
	assert.Zero(t, off, detail)
	r.Spans.Counters[kept] = 61
	r.Spans.Counters[oracle.Counter{Namespace: "orders", Decision: "kept", Rule: oracle.RuleExact}] = 2
	off, detail = r.counterFaults()
	assert.Equal(t, 3, off)
	assert.Equal(t, "spans orders kept by exact: -2 for 2; spans orders kept by trace: -1 for 61", detail)
	r.Records.Counters[kept] = 119
	off, detail = r.counterFaults()
	assert.Equal(t, 4, off)
	assert.Contains(t, detail, "log_records orders kept by trace: +1 for 119; spans orders")
}

func TestOneSpanTooManyThatIsHeldFailsTheRun(t *testing.T) {
	t.Parallel()
	after, err := ledger.Parse(strings.NewReader("otelcol_processor_namespace_sampler_set_aside_spans_total 5\n"))
	require.NoError(t, err)
	r := &Run{
		Title: "hold", Holds: true, Growth: &ledger.Growth{Before: &ledger.Scrape{}, After: after},
		Spans: &ledger.Summary{Sent: 200, Held: 4}, Points: &ledger.Summary{}, Records: &ledger.Summary{},
	}
	checks := r.counterChecks()
	assert.Equal(t, "counters: exactly the expected spans are held", checks[3].Name)
	assert.Equal(t, 1, checks[3].Faults)
	assert.Zero(t, checks[4].Faults)
	var out strings.Builder
	printTraces(&out, []*Run{r})
	assert.Contains(t, out.String(), "hold: 5 of 200 spans were held, 2.50 %")
	r.Holds = false
	assert.Len(t, r.counterChecks(), 3)
}

func TestSpansThatAreStillHeldWhenARequestHasDecidedThemFailTheRun(t *testing.T) {
	t.Parallel()
	growth := &ledger.Growth{Before: &ledger.Scrape{}, After: &ledger.Scrape{}}
	for still, faults := range map[int]int{0: 0, 1: 0, 2: 0, 3: 1} {
		r := &Run{Holds: true, Growth: growth, StillHeld: still, Spans: &ledger.Summary{Waiting: 2}, Points: &ledger.Summary{}, Records: &ledger.Summary{}}
		check := r.counterChecks()[4]
		assert.Equal(t, "counters: held spans are let go as soon as a request decides them", check.Name)
		assert.Equal(t, faults, check.Faults)
	}
}
