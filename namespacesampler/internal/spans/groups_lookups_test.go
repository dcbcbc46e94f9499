// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// groupRows are the rows of the keys that groups are looked up by. Unknown keys have none.
const groupRows = `CREATE TABLE orders (key text, ns text, workflow text);
	INSERT INTO orders VALUES
		('both', 'payments', 'order-48'), ('low', 'payments', 'order-13'), ('other', 'orders', 'order-22'),
		('group only', NULL, 'order-48'), ('low group only', NULL, 'order-13'), ('name only', 'payments', NULL), ('nothing', NULL, NULL);`

// At a rate of a half the group order-48 is kept and order-13 is dropped; so are the trace IDs samplertest.HighID and LowID.
const (
	keptGroup   = "order-48"
	stampedKept = "ot=rv:e1432ac7e180ea;th:8" // by keptGroup
	stampedHigh = "ot=th:8"                   // by HighID
)

func withGroupLookups(dsn string, section, settings map[string]any) map[string]any {
	all := map[string]any{"lookups": []any{
		map[string]any{"attribute": "order", "query": "SELECT key, ns, workflow FROM orders WHERE key = ANY($1)"},
		map[string]any{"attribute": "item", "query": "SELECT key, ns, workflow FROM orders WHERE key = ANY($1)"},
	}}
	for key, value := range section {
		all[key] = value
	}
	withGroups := map[string]any{"consistent_by": []any{groupAttribute}, "sample_rate": 0.5}
	for key, value := range settings {
		withGroups[key] = value
	}
	return samplertest.WithPostgres(dsn, all, withGroups)
}

// outcomes returns what left: the number, the namespace and the tracestate of each span.
func outcomes(spans []ptrace.Span) []string {
	out := []string{}
	for _, span := range spans {
		raw := span.Attributes().AsRaw()
		out = append(out, fmt.Sprintf("%v %v %s", raw["n"], raw["namespace"], span.TraceState().AsRaw()))
	}
	return out
}

func TestTheGroupOfASpanIsLookedUp(t *testing.T) { // G1, G3, G4
	dsn := samplertest.NewDatabase(t, 0, groupRows).DSN
	type values = map[string]any
	low := func(root bool, attributes values) samplertest.Span {
		return samplertest.Span{ID: samplertest.LowID, Root: root, Attributes: attributes}
	}
	high := func(root bool, attributes values) samplertest.Span {
		return samplertest.Span{ID: samplertest.HighID, Root: root, Attributes: attributes}
	}
	singly := values{"tracing": values{"sampler": "trace_id_ratio"}}
	sampled := low(false, values{"n": 0, "order": "both"})
	sampled.Tracestate = "ot=rv:ffffffffffffff"
	for name, tt := range map[string]struct {
		settings values
		batches  [][]samplertest.Span
		want     []string // of the last batch
		keys     int64    // that were looked up, of all batches
	}{
		"together with the namespace": {
			nil, [][]samplertest.Span{{low(false, values{"n": 0, "order": "both"})}}, []string{"0 payments " + stampedKept}, 1,
		},
		"together with the namespace, singly": {
			singly, [][]samplertest.Span{{low(false, values{"n": 0, "order": "both"})}}, []string{"0 payments " + stampedKept}, 1,
		},
		"though the span names its namespace, and the trace ID dooms it": {
			nil, [][]samplertest.Span{{low(true, values{"n": 0, "order": "both", "namespace": "orders"})}}, []string{"0 orders " + stampedKept}, 1,
		},
		"though the span names its namespace, singly": {
			singly, [][]samplertest.Span{{low(true, values{"n": 0, "order": "both", "namespace": "orders"})}}, []string{"0 orders " + stampedKept}, 1,
		},
		"and drops what the trace ID would keep": {
			nil, [][]samplertest.Span{{high(true, values{"n": 0, "order": "low", "namespace": "orders"})}}, []string{}, 1,
		},
		"for all spans of the trace": {
			nil,
			[][]samplertest.Span{{low(true, values{"n": 0, "namespace": "orders"}), low(false, values{"n": 1, "order": "group only"})}},
			[]string{"0 orders " + stampedKept, "1 orders " + stampedKept},
			1,
		},
		"late": {
			nil,
			[][]samplertest.Span{{low(true, values{"n": 0, "namespace": "orders"})}, {low(false, values{"n": 1, "order": "both"}), low(false, values{"n": 2})}},
			[]string{"1 payments " + stampedKept, "2 orders " + stampedKept},
			1,
		},
		"late, and remembered": {
			nil,
			[][]samplertest.Span{{low(true, values{"n": 0, "namespace": "orders"})}, {low(false, values{"n": 1, "order": "both"})}, {low(false, values{"n": 2})}},
			[]string{"2 orders " + stampedKept},
			1,
		},
		"of the root, which wins over that of the first span": {
			nil, [][]samplertest.Span{{
				low(false, values{"n": 0, groupAttribute: "order-13", "namespace": "orders"}), low(true, values{"n": 1, "order": "both", "namespace": "orders"}),
			}}, []string{"0 orders " + stampedKept, "1 orders " + stampedKept}, 1,
		},
		"of a root without a group, so that the first span has it": {
			nil, [][]samplertest.Span{{
				high(true, values{"n": 0, "order": "name only"}), high(false, values{"n": 1, groupAttribute: keptGroup}), high(false, values{"n": 2, groupAttribute: "order-13"}),
			}}, []string{"0 payments " + stampedKept, "1 payments " + stampedKept, "2 payments " + stampedKept}, 1,
		},
		"of a span before the first that carries one": {
			nil, [][]samplertest.Span{{
				low(false, values{"n": 0, "order": "both"}), low(false, values{"n": 1, groupAttribute: "order-13"}),
			}}, []string{"0 payments " + stampedKept, "1 payments " + stampedKept}, 1,
		},
		"but not of a span after it": {
			nil, [][]samplertest.Span{{
				low(false, values{"n": 0, groupAttribute: keptGroup, "namespace": "orders"}), low(false, values{"n": 1, "order": "low", "namespace": "orders"}),
			}}, []string{"0 orders " + stampedKept, "1 orders " + stampedKept}, 0,
		},
		"nor if the memory has one": {
			nil, [][]samplertest.Span{
				{low(true, values{"n": 0, groupAttribute: keptGroup, "namespace": "orders"})}, {low(true, values{"n": 1, "order": "low", "namespace": "orders"})},
			}, []string{"1 orders " + stampedKept}, 0,
		},
		"nor if an earlier sampler has decided": {
			nil, [][]samplertest.Span{{low(true, values{"n": 0, "order": "both", "namespace": "orders"}), sampled}}, []string{"0 payments ot=rv:ffffffffffffff;th:8"}, 1,
		},
		"nor if the rate of a span that is decided by itself is certain": {
			values{"sample_rate": 1, "tracing": values{"sampler": "trace_id_ratio"}}, [][]samplertest.Span{{low(true, values{"n": 0, "order": "both", "namespace": "orders"})}}, []string{"0 orders "}, 0,
		},
		"without a namespace: the global rate": {
			values{"namespaces": values{"payments": 0}}, [][]samplertest.Span{{low(true, values{"n": 0, "order": "group only"})}}, []string{"0 <nil> " + stampedKept}, 1,
		},
		"without a namespace, which the next key has": {
			nil, [][]samplertest.Span{{low(true, values{"n": 0, "order": "group only", "item": "low"})}}, []string{"0 payments " + stampedKept}, 2,
		},
		"in the second place, if the first key is unknown": {
			nil, [][]samplertest.Span{{low(true, values{"n": 0, "order": "unknown", "item": "both", "namespace": "orders"})}}, []string{"0 orders " + stampedKept}, 2,
		},
		"in the second place, if the first row is empty": {
			nil, [][]samplertest.Span{{low(true, values{"n": 0, "order": "nothing", "item": "both"})}}, []string{"0 payments " + stampedKept}, 2,
		},
		"a namespace without a group leaves it to the trace ID": {
			nil,
			[][]samplertest.Span{{high(true, values{"n": 0, "order": "name only"}), low(true, values{"n": 1, "order": "name only"})}},
			[]string{"0 payments " + stampedHigh},
			1,
		},
		"an unknown key leaves it to the trace ID": {
			nil, [][]samplertest.Span{{high(true, values{"n": 0, "order": "unknown", "namespace": "orders"})}}, []string{"0 orders " + stampedHigh}, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := samplertest.Start(t, withGroupLookups(dsn, nil, tt.settings))
			var got []string
			for _, batch := range tt.batches {
				got = outcomes(h.ConsumeTraces(samplertest.TracesOf(t, batch...)))
			}
			assert.Equal(t, tt.want, got)
			keys := h.Counts("lookup_keys")
			assert.Equal(t, tt.keys, keys["resolved"]+keys["unknown"], "%v", keys)
		})
	}
}

func TestHeldSpansWaitForGroupsOfLookups(t *testing.T) { // T19, T20, G1, G4
	dsn := samplertest.NewDatabase(t, 0, groupRows).DSN
	type values = map[string]any
	settings := values{"namespaces": values{"orders": 0.25}, "tracing": values{"hold": values{"wait": "1h"}}}
	low := func(root bool, attributes values) samplertest.Span {
		return samplertest.Span{ID: samplertest.LowID, Root: root, Attributes: attributes}
	}
	start := func(t *testing.T) *samplertest.Sampler {
		t.Helper()
		return samplertest.Start(t, withGroupLookups(dsn, nil, settings))
	}
	const quarter = "ot=rv:e1432ac7e180ea;th:c" // of orders, by keptGroup

	t.Run("and keep the namespace that was found for them", func(t *testing.T) {
		h := start(t)
		require.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, low(true, values{"n": 0, "namespace": "orders"}), low(false, values{"n": 1, "order": "name only"}))))
		out := h.ConsumeTraces(samplertest.TracesOf(t, low(false, values{"n": 2, "order": "group only"})))
		assert.ElementsMatch(t, []string{"0 orders " + quarter, "1 payments " + quarter, "2 orders " + quarter}, outcomes(out))
		assert.Zero(t, h.Gauges("held_spans")[""])
		assert.Equal(t, map[string]int64{"resolved": 1, "unknown": 1}, h.Counts("lookup_keys"), "no key is looked up again")
	})
	t.Run("and keep it in an attribute that namespaces are not read from", func(t *testing.T) {
		h := samplertest.Start(t, withGroupLookups(dsn, nil, values{
			"namespaces": settings["namespaces"], "tracing": settings["tracing"], "namespace": values{"write_to": "tenant"},
		}))
		require.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, low(true, values{"n": 0, "namespace": "orders"}), low(false, values{"n": 1, "order": "name only"}))))
		tenants := map[int64]any{}
		for _, span := range h.ConsumeTraces(samplertest.TracesOf(t, low(false, values{"n": 2, "order": "group only"}))) {
			raw := span.Attributes().AsRaw()
			tenants[raw["n"].(int64)] = raw["tenant"]
		}
		assert.Equal(t, map[int64]any{0: nil, 1: "payments", 2: "orders"}, tenants)
		assert.EqualValues(t, 1, h.Counts("spans")["kept payments trace"], "it is counted by its own namespace")
	})
	t.Run("and for more than a name that was only guessed", func(t *testing.T) {
		h := start(t)
		sampled := low(false, values{"n": 0})
		sampled.Tracestate = "ot=rv:ffffffffffffff"
		require.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, sampled)))
		doomed := []samplertest.Span{low(false, values{"n": 1, "order": "both"}), low(false, values{"n": 2, "namespace": "orders", groupAttribute: "order-13"})}
		require.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, doomed...)), "the first would name the trace, but is not worth looking up")
		require.Empty(t, h.Counts("lookup_keys"))
		out := h.ConsumeTraces(samplertest.TracesOf(t, low(false, values{"n": 3, "namespace": "payments"})))
		assert.Equal(t, []string{"0 payments ot=rv:ffffffffffffff;th:8"}, outcomes(out))
	})
	t.Run("but no longer for a namespace if the group is known first", func(t *testing.T) {
		h := start(t)
		require.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, low(false, values{"n": 0, "order": "group only"}))))
		out := h.ConsumeTraces(samplertest.TracesOf(t, low(true, values{"n": 1, "order": "other"})))
		assert.ElementsMatch(t, []string{"0 orders " + quarter, "1 orders " + quarter}, outcomes(out), "the group that was known first stays")
	})
	t.Run("not if the lookup tells both", func(t *testing.T) {
		h := start(t)
		assert.Equal(t, []string{"0 payments " + stampedKept}, outcomes(h.ConsumeTraces(samplertest.TracesOf(t, low(false, values{"n": 0, "order": "both"})))))
	})
}
