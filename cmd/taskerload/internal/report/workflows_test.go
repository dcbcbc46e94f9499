// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

var (
	inOrders   = ledger.Part{Namespace: "orders", Rate: 0.5}
	inShipping = ledger.Part{Namespace: "shipping", Rate: 0.1}
)

// parts is a workflow of which the given numbers of 10 items arrived in each namespace; less than none: it is not there.
func parts(orders, shipping int) *ledger.Workflow {
	w := &ledger.Workflow{Parts: map[ledger.Part]*ledger.Count{}}
	if orders >= 0 {
		w.Parts[inOrders] = &ledger.Count{Sent: 10, Arrived: orders}
	}
	if shipping >= 0 {
		w.Parts[inShipping] = &ledger.Count{Sent: 10, Arrived: shipping}
	}
	return w
}

func overruled(w *ledger.Workflow) *ledger.Workflow {
	w.Overruled = true
	return w
}

func TestTheTableOfWorkflowsComparesRunsByNamespace(t *testing.T) {
	t.Parallel()
	rows := map[string]*ledger.Row{
		"orders":   {Group: oracle.Group{Label: "orders", Rule: oracle.RuleExact, Rate: 0.5}},
		"shipping": {Group: oracle.Group{Label: "shipping", Rule: oracle.RuleGlobal, Rate: 0.1}},
		"unused":   {Group: oracle.Group{Label: "unused", Rule: oracle.RuleGlobal, Rate: 0.1}},
	}
	spans := &ledger.Summary{Rows: rows, Sent: 34_000}
	without := &Run{Spans: spans, Points: &ledger.Summary{Sent: 1200}, Records: &ledger.Summary{Sent: 9000}, Traces: someTraces(1, 1, 1), Workflows: ledger.Workflows{
		"a": parts(3, -1), "b": parts(10, -1), "c": parts(-1, 0), "d": parts(10, 5), "e": overruled(parts(4, -1)),
	}}
	with := &Run{Spans: spans, ByWorkflow: true, Workflows: ledger.Workflows{
		"a": parts(10, -1), "b": parts(0, -1), "c": parts(-1, 10), "d": parts(10, 0), "e": overruled(parts(4, -1)),
	}}
	var out strings.Builder
	printWorkflows(&out, without, with)
	_, table, _ := strings.Cut(out.String(), ")\n")
	assert.Equal(t, `                                    by trace ID              consistent_by: [correlation_id]
  namespace             rate  sent  kept  complete    share         kept  complete     share
  orders                 0.5     2     2         1  50.00 %            1         1  100.00 %
  shipping               0.1     1     0         0      – %            1         1  100.00 %
  (several namespaces)           1     1         0   0.00 %            1         1  100.00 %
  (other samplers)               1     1         0   0.00 %            1         0    0.00 %
  all                            5     4         1  25.00 %            4         3   75.00 %
  sent in each run: 34,000 spans in 2 traces, 1,200 data points, 9,000 log records
  (several namespaces): complete in each namespace of which anything is kept; (other samplers): a trace or a log record came with a decision of another sampler
`, table)
}

func TestOneWorkflowThatIsNotAsItMustBeFailsTheRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		workflow *ledger.Workflow
		selected float64 // rates from here on keep it
		faults   [3]int  // incomplete, wrongly kept or dropped, not nested
	}{
		"complete":                      {parts(10, -1), 0.5, [3]int{}},
		"absent":                        {parts(0, -1), 0.6, [3]int{}},
		"incomplete":                    {parts(9, -1), 0.5, [3]int{1, 0, 0}},
		"not selected":                  {parts(10, -1), 0.6, [3]int{0, 1, 0}},
		"selected":                      {parts(0, -1), 0.5, [3]int{0, 1, 0}},
		"the parts nest":                {parts(10, 0), 0.5, [3]int{}},
		"the parts do not nest":         {parts(0, 10), 0.1, [3]int{0, 1, 1}},
		"another sampler has a say":     {overruled(parts(4, 10)), 1, [3]int{}},
		"incomplete in both namespaces": {parts(4, 5), 0.1, [3]int{2, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &Run{
				ByWorkflow: true, Workflows: ledger.Workflows{"id": test.workflow},
				Selects: func(workflow string, rate float64) bool { return workflow == "id" && rate >= test.selected },
			}
			checks := r.workflowChecks()
			for i, want := range test.faults {
				assert.Equal(t, want, checks[i].Faults, checks[i].Name)
			}
			r.ByWorkflow = false
			assert.Empty(t, r.workflowChecks())
		})
	}
}
