// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestAWorkflowHasAPartForEachNamespaceAndRate(t *testing.T) {
	t.Parallel()
	w := Workflows{}
	w.of("a").add(Part{"orders", 0.5}, 1, 1) // a data point
	w.AddTraces(Traces{
		pcommon.TraceID{1}: {Workflow: "a", Namespace: "orders", Rate: 0.5, Sent: 5, Arrived: 5},
		pcommon.TraceID{2}: {Workflow: "a", Namespace: "orders", Rate: 0.5, Sent: 3, Arrived: 1},
		pcommon.TraceID{3}: {Workflow: "a", Namespace: "shipping", Rate: 0.1, Sent: 4},
		pcommon.TraceID{4}: {Workflow: "b", Namespace: "orders", Rate: 0.5, Sent: 2, Arrived: 2, Overruled: true},
		pcommon.TraceID{5}: {Namespace: "orders", Rate: 0.5, Sent: 2},
	})
	assert.Equal(t, Workflows{
		"a": {Parts: map[Part]*Count{{"orders", 0.5}: {9, 7}, {"shipping", 0.1}: {4, 0}}},
		"b": {Parts: map[Part]*Count{{"orders", 0.5}: {2, 2}}, Overruled: true},
	}, w)
	orders, shipping := w["a"].Parts[Part{"orders", 0.5}], w["a"].Parts[Part{"shipping", 0.1}]
	assert.True(t, orders.Kept())
	assert.False(t, orders.Complete())
	assert.False(t, shipping.Kept())
}
