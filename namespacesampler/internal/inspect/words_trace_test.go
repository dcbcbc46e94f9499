// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"strings"
	"testing"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestRememberedTracesInWords(t *testing.T) {
	traceOf := func(i byte, attributes map[string]any) samplertest.Span {
		return samplertest.Span{ID: [16]byte{15: i}, Attributes: attributes}
	}
	const id = "trace_id=0000000000000000000000000000000"
	assertAnswers(
		t, map[string]any{
			"namespaces": map[string]any{"orders": map[string]any{"sample_rate": 0.5, "until": "2126-01-01T00:00:00Z"}, "web*": 0.25, "": 1}, "sample_rate": 0.75,
			"tracing": map[string]any{
				"always_keep_traces": []any{`span.attributes["fails"] == true`}, "namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 200}},
			},
			"logs": map[string]any{"namespaces": map[string]any{"audit": 0.125}},
		},
		[]samplertest.Span{
			traceOf(1, map[string]any{"namespace": "orders"}), traceOf(2, map[string]any{"namespace": "web-1"}), traceOf(3, map[string]any{"namespace": "audit"}),
			traceOf(4, map[string]any{"namespace": "orders", "fails": true}), traceOf(5, map[string]any{"fails": true}),
			traceOf(6, map[string]any{"namespace": strings.Repeat("x", 5000)}), traceOf(7, map[string]any{"namespace": "analytics"}), traceOf(8, nil),
		},
		asked{
			"by an override", id + "1&namespace=orders",
			`A span of orders with this trace ID is dropped. Its rate is 50 %: its trace is remembered, and keeps the rate that it began with. That was the rate of orders: the override of orders for all signals. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is 00000000000001. Conditions in tracing::always_keep_traces can keep it nevertheless.`,
		},
		asked{
			"of another namespace", id + "1&namespace=payments",
			`A span of payments with this trace ID is dropped. Its rate is 50 %: its trace is remembered, and keeps the rate that it began with. That was the rate of orders: the override of orders for all signals. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is 00000000000001. Conditions in tracing::always_keep_traces can keep it nevertheless.`,
		},
		asked{
			"without a namespace", id + "1",
			`A span with this trace ID and no namespace is dropped. Its rate is 50 %: its trace is remembered, and keeps the rate that it began with. That was the rate of orders: the override of orders for all signals. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is 00000000000001. Conditions in tracing::always_keep_traces can keep it nevertheless.`,
		},
		asked{
			"by a pattern", id + "2",
			`A span with this trace ID and no namespace is dropped. Its rate is 25 %: its trace is remembered, and keeps the rate that it began with. That was the rate of web-1: pattern web*, an override for all signals. At 25 %, what has a randomness of c0000000000000 or more is kept; that of the trace ID is 00000000000002. Conditions in tracing::always_keep_traces can keep it nevertheless.`,
		},
		asked{
			"by the global rate", id + "3",
			`A span with this trace ID and no namespace is dropped. Its rate is 75 %: its trace is remembered, and keeps the rate that it began with. That was the rate of audit: the global rate. At 75 %, what has a randomness of 40000000000000 or more is kept; that of the trace ID is 00000000000003. Conditions in tracing::always_keep_traces can keep it nevertheless.`,
		},
		asked{
			"kept whole", id + "4",
			`A span with this trace ID and no namespace is kept. Its trace is kept whole, as a span of it has matched a condition in tracing::always_keep_traces. The trace is remembered as one of orders.`,
		},
		asked{
			"kept whole without a namespace", id + "5",
			`A span with this trace ID and no namespace is kept. Its trace is kept whole, as a span of it has matched a condition in tracing::always_keep_traces.`,
		},
		asked{
			"whose name is too long", id + "6",
			`A span with this trace ID and no namespace is dropped. Its rate is 75 %: its trace is remembered, and keeps the rate that it began with. That was the rate of a namespace whose name is too long to be remembered. At 75 %, what has a randomness of 40000000000000 or more is kept; that of the trace ID is 00000000000006. Conditions in tracing::always_keep_traces can keep it nevertheless.`,
		},
		asked{
			"by a budget", id + "7",
			`A span with this trace ID and no namespace is kept. Its rate is 100 %: its trace is remembered, and keeps the rate that it began with. That was the rate of analytics: the override of analytics for spans alone, which followed from a budget of 200 spans a second.`,
		},
		asked{
			"without a namespace of its own", id + "8",
			`A span with this trace ID and no namespace is kept. Its rate is 100 %: the override of items without a namespace for all signals.`,
		},
		asked{
			"for a record", id + "1&signal=logs",
			`A log record with this trace ID and no namespace is dropped. Its rate is 50 %: its trace is remembered, and keeps the rate that it began with. That was the rate of orders: the override of orders for all signals. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is 00000000000001. Conditions in tracing::always_keep_traces can keep it nevertheless.`,
		},
		asked{
			"for a record of a trace with a budget", id + "7&signal=logs",
			`A log record with this trace ID and no namespace is kept. Its rate is 100 %: its trace is remembered, and keeps the rate that it began with. That was the rate of analytics: the override of analytics for spans alone, which followed from a budget of 200 spans a second.`,
		},
		asked{
			"for a record with a rate of its own", id + "1&signal=logs&namespace=audit",
			`A log record of audit with this trace ID is dropped. Its rate is 12.5 %: the override of audit for log records alone. A rate for log records alone comes before that of its trace. At 12.5 %, what has a randomness of e0000000000000 or more is kept; that of the trace ID is 00000000000001. Conditions in tracing::always_keep_traces can keep it nevertheless.`,
		},
		asked{
			"for a record whose trace has a rate for records", id + "3&signal=logs",
			`A log record with this trace ID and no namespace is dropped. Its rate is 12.5 %: the override of audit for log records alone. A rate for log records alone comes before that of its trace, of whose namespace it is: audit. At 12.5 %, what has a randomness of e0000000000000 or more is kept; that of the trace ID is 00000000000003. Conditions in tracing::always_keep_traces can keep it nevertheless.`,
		},
		asked{
			"for a record of a trace that is kept whole", id + "4&signal=logs",
			`A log record with this trace ID and no namespace is kept. Its trace is kept whole, as a span of it has matched a condition in tracing::always_keep_traces. The trace is remembered as one of orders.`,
		},
		asked{
			"for a series", id + "1&signal=metrics&namespace=orders",
			`Of metric series of orders, 50 % are kept: all data points of a series, or none. Their rate is 50 % until 2126-01-01T00:00:00Z: the override of orders for all signals.`,
		},
	)
	assertAnswers(
		t, map[string]any{
			"tracing": map[string]any{"always_keep_traces": []any{`span.attributes["fails"] == true`}, "honor_priority": true},
			"spans":   map[string]any{"internal": map[string]any{"match": []any{`span.name == "y"`}}},
			"logs":    map[string]any{"sample_rate": 0.5},
		},
		[]samplertest.Span{
			traceOf(4, map[string]any{"namespace": "orders", "fails": true}), traceOf(6, map[string]any{"namespace": strings.Repeat("x", 5000)}),
		},
		asked{
			"kept whole, whatever its priority", id + "4&namespace=orders",
			`A span of orders with this trace ID is kept. Its trace is kept whole, as a span of it has matched a condition in tracing::always_keep_traces. The trace is remembered as one of orders. Conditions in spans::internal::match can drop it nevertheless.`,
		},
		asked{
			"for a record whose trace has a name that is too long", id + "6&signal=logs",
			`A log record with this trace ID and no namespace is dropped. Its rate is 50 %: the global rate of log records, as the name of the namespace of its trace is too long to be remembered. A rate for log records alone comes before that of its trace. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is 00000000000006. Conditions in tracing::always_keep_traces can keep it nevertheless.`,
		},
	)
}

func TestGroupsInWords(t *testing.T) {
	settings := map[string]any{"consistent_by": []any{"correlation_id"}, "sample_rate": 0.25}
	const group, remembered = "namespace=orders&group=" + workflow, "00000000000000000000000000000002"
	assertAnswers(
		t, settings, []samplertest.Span{{ID: [16]byte{15: 2}, Attributes: map[string]any{"namespace": "orders", "correlation_id": workflow}}},
		asked{
			"a group", group,
			`A span of orders with this group is dropped. Its rate is 25 %: the global rate, as no override matches orders. At 25 %, what has a randomness of c0000000000000 or more is kept; that of its group is 8b22b130bd610c.`,
		},
		asked{
			"a group and a trace ID", group + "&trace_id=" + traceID,
			`A span of orders with this trace ID and this group is dropped. Its rate is 25 %: the global rate, as no override matches orders. At 25 %, what has a randomness of c0000000000000 or more is kept; that of its group, which decides in place of the trace ID, is 8b22b130bd610c.`,
		},
		asked{
			"a record", group + "&signal=logs&trace_id=" + traceID,
			`A log record of orders with this trace ID and this group is dropped. Its rate is 25 %: the global rate, as no override matches orders. At 25 %, what has a randomness of c0000000000000 or more is kept; that of its group, which decides in place of the trace ID, is 8b22b130bd610c.`,
		},
		asked{
			"a data point", group + "&signal=metrics",
			`A data point of orders with this group is dropped. Its rate is 25 %: the global rate, as no override matches orders. At 25 %, what has a randomness of c0000000000000 or more is kept; that of its group, which decides in place of its series, is 8b22b130bd610c.`,
		},
		asked{
			"that of the trace", "trace_id=" + remembered,
			`A span with this trace ID and no namespace is dropped. Its rate is 25 %: its trace is remembered, and keeps the rate that it began with. That was the rate of orders: the global rate. At 25 %, what has a randomness of c0000000000000 or more is kept; that of the group of its trace, which decides in place of the trace ID, is 8b22b130bd610c.`,
		},
		asked{
			"overruled", group + "&trace_id=" + traceID + "&tracestate=ot=th:4",
			`A span of orders with this trace ID, this tracestate and this group is kept. Its rate is 25 %: the global rate, as no override matches orders. An earlier sampler has kept 75 %, and this one brings that down to 25 %. At 25 %, what has a randomness of c0000000000000 or more is kept; that of the trace ID is fe929d0e0e4736. The group does not decide, as an earlier sampler has decided by another randomness.`,
		},
		asked{
			"overruled, drawn", group + "&trace_id=" + zeroID + "&tracestate=ot=th:4",
			`Of spans of orders with no trace ID, this tracestate and this group, 25 % are kept: each is drawn at random. Their rate is 25 %: the global rate, as no override matches orders. The group does not decide, as an earlier sampler has decided by another randomness.`,
		},
	)
	settings["metrics"] = map[string]any{"by": "point"}
	assertAnswers(t, settings, nil, asked{"a single data point", group + "&signal=metrics", `Of data points of orders with this group, 25 % are kept: each is drawn at random. Their rate is 25 %: the global rate, as no override matches orders.`})
}
