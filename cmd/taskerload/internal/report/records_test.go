// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// logging gives each trace records, of which the given numbers of 5 arrived, in the order of their IDs.
func logging(traces ledger.Traces, arrived ...int) ledger.Traces {
	for i, n := range arrived {
		traces[pcommon.TraceID{15: byte(i)}].Records = ledger.Count{Sent: 5, Arrived: n}
	}
	return traces
}

func TestRecordsFollowIfAllOfAKeptTraceArriveAndNoneOfADroppedOne(t *testing.T) { // L5
	t.Parallel()
	for name, test := range map[string]struct {
		traces ledger.Traces
		want   followers
	}{
		"all and none":              {logging(someTraces(2, 2, 0), 5, 0), followers{kept: 5, keptTraces: 1}},
		"one is missing":            {logging(someTraces(2, 2, 2), 5, 4), followers{kept: 9, keptTraces: 2, withDropped: 1}},
		"one of a dropped trace":    {logging(someTraces(2, 2, 0), 5, 1), followers{kept: 6, ofDropped: 1, keptTraces: 1}},
		"a trace without records":   {logging(someTraces(2, 2, 2), 5), followers{kept: 5, keptTraces: 1}},
		"an incomplete trace":       {logging(someTraces(2, 1), 5), followers{kept: 5, keptTraces: 1}},
		"none of a trace in part":   {logging(someTraces(2, 1), 0), followers{keptTraces: 1, withDropped: 1}},
		"decided by other samplers": {foreign(logging(someTraces(2, 2, 0), 0, 5)), followers{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, followersOf(test.traces))
			r := &Run{RecordsFollow: true, Records: &ledger.Summary{}, Traces: test.traces}
			checks := r.recordChecks()
			assert.Len(t, checks, 5)
			assert.Equal(t, test.want.ofDropped+test.want.withDropped, checks[4].Faults)
			r.RecordsFollow = false
			assert.Len(t, r.recordChecks(), 4)
		})
	}
}

func foreign(traces ledger.Traces) ledger.Traces {
	for _, t := range traces {
		t.Foreign = true
	}
	return traces
}

func TestTheTableOfFollowersComparesRuns(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	printFollowers(&out, []*Run{
		{Title: "trace_id_ratio", Traces: logging(someTraces(2, 2, 0), 4, 1)}, {Title: "parent_based", Traces: logging(someTraces(2, 2, 0), 5, 0)},
	})
	assert.Equal(t, `
TRACES AND THEIR LOG RECORDS   (but for those that another sampler has decided about)
  run             kept records whose trace was dropped  kept traces whose records were dropped
  trace_id_ratio                                1 of 5                                  1 of 1
  parent_based                                  0 of 5                                  0 of 1
`, out.String())
}

func TestDrawsThatAreFarFromTheirRateAreImplausible(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rate          float64
		sent, arrived int
		want          int
	}{
		"as expected":             {0.1, 10_000, 1000, 0},
		"five deviations":         {0.1, 10_000, 1150, 0},
		"ten deviations more":     {0.1, 10_000, 1300, 1},
		"ten deviations fewer":    {0.1, 10_000, 700, 1},
		"another rate":            {0.5, 1000, 100, 1},
		"none of many":            {0.1, 1000, 0, 1},
		"all of a few":            {0.1, 10, 10, 0},
		"few at a low rate":       {0.01, 100, 8, 0},
		"far more at a low rate":  {0.01, 100, 30, 1},
		"nothing was sent at all": {0.5, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, detail := implausibleDraws(map[float64]*ledger.Count{test.rate: {Sent: test.sent, Arrived: test.arrived}})
			assert.Equal(t, test.want, n)
			if n > 0 {
				assert.Contains(t, detail, Thousands(test.arrived)+" of "+Thousands(test.sent)+" kept at rate")
			}
		})
	}
}

func TestEachKindOfFaultOfARecordFailsItsCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		row   ledger.Row
		check string
	}{
		"missing":         {ledger.Row{Missing: 1}, "log records: exactly"},
		"unexpected":      {ledger.Row{Unexpected: 1}, "log records: exactly"},
		"wrong stamp":     {ledger.Row{WrongStamp: 1}, "log records: sampling.threshold"},
		"wrong namespace": {ledger.Row{WrongNamespace: 1}, "log records: resolved"},
		"altered":         {ledger.Row{Altered: 1}, "log records: resolved"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.row.Group = oracle.Group{Label: "orders"}
			r := &Run{Records: &ledger.Summary{Rows: map[string]*ledger.Row{"orders": &test.row}}}
			for _, c := range r.recordChecks() {
				want := 0
				if strings.HasPrefix(c.Name, test.check) {
					want = 1
				}
				assert.Equal(t, want, c.Faults, c.Name)
			}
			assert.Equal(t, "FAIL: 1 "+name, rowResult(&test.row))
		})
	}
}
