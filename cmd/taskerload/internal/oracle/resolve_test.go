// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestASpanGetsTheRateAndTheNamespaceOfItsFirstKnownKey(t *testing.T) {
	t.Parallel()
	const (
		taskID = "019e8232-b127-7bf1-998a-8a6fae25841d"
		stepID = "019e8232-b159-73e4-96d5-53936f09fc37"
		absent = "019e8232-b172-7503-a989-3d8e9c562e2b"
	)
	o := &Oracle{
		config: Config{
			SpanRates:     Rates{Global: 0.1, Exact: map[string]float64{"payments": 1, "orders": 0.5}},
			Precision:     4,
			MissingValues: []string{"", "unknown"},
		},
		directory: directory{
			"task_uuid": {taskID: "payments"}, "step_uuid": {stepID: "orders"}, "workflow_step_uuid": {stepID: "orders"},
		},
	}
	for name, test := range map[string]struct {
		item, resource map[string]any
		label, write   string
		rate           float64
	}{
		"its own namespace wins":    {m("namespace", "orders", "task_uuid", taskID), nil, "orders", "", 0.5},
		"then that of the resource": {m("task_uuid", taskID), m("namespace", "orders"), "orders", "", 0.5},
		"unknown is none":           {m("namespace", "unknown", "task_uuid", taskID), nil, "payments", "payments", 1},
		"a number is none":          {m("namespace", 7, "task_uuid", taskID), nil, "payments", "payments", 1},
		"task before step":          {m("step_uuid", stepID, "task_uuid", taskID), nil, "payments", "payments", 1},
		"malformed task gives way":  {m("step_uuid", stepID, "task_uuid", "pending"), nil, "orders", "orders", 0.5},
		"unknown task gives way":    {m("step_uuid", stepID, "task_uuid", absent), nil, "orders", "orders", 0.5},
		"none is known":             {m("step_uuid", absent, "task_uuid", absent), nil, LabelUnknown, "", 0.1},
		"either step attribute":     {m("workflow_step_uuid", stepID), nil, "orders", "orders", 0.5},
		"key on the resource":       {m(), m("task_uuid", taskID), "payments", "payments", 1},
		"nothing at all":            {m("handler_name", "x"), nil, LabelNone, "", 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			item, resource := pcommon.NewMap(), pcommon.NewMap()
			require.NoError(t, item.FromRaw(test.item))
			require.NoError(t, resource.FromRaw(test.resource))
			r := o.resolve(item, pcommon.NewMap(), resource)
			for r.canBeAsked() {
				r.ask()
			}
			got := o.outcome(&span{resolution: r}, &trace{})
			assert.Equal(t, test.label, got.Group.Label)
			assert.Equal(t, test.write, got.Write)
			assert.InDelta(t, test.rate, got.Rate, 0)
		})
	}
}

// m makes a map of alternating keys and values.
func m(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}
