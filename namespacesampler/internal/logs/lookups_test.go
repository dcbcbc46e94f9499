// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// orders are the rows that keys are looked up in.
func orders() string {
	keeps, drops := keyThat(true), keyThat(false)
	return `CREATE TABLE orders (key text, ns text, workflow text);
		INSERT INTO orders VALUES ('payment', 'payments', '` + keeps + `'), ('order', 'orders', '` + drops + `'), ('noise', 'noise', NULL),
			('group only', NULL, '` + keeps + `'), ('name only', 'payments', NULL);`
}

func withLookups(dsn string, section, more settings) settings {
	const query = "SELECT key, ns, workflow FROM orders WHERE key = ANY($1)"
	all := settings{"lookups": []any{settings{"attribute": "order", "query": query}, settings{"attribute": "item", "query": query}}}
	maps.Copy(all, section)
	return samplertest.WithPostgres(dsn, all, more)
}

const nowhere = "postgres://127.0.0.1:1/none"

func TestTheNamespaceOfARecordIsLookedUpIfItMatters(t *testing.T) { // L1, L3
	dsn := samplertest.NewDatabase(t, 0, orders()).DSN
	span := func(id pcommon.TraceID, namespace string) []samplertest.Span {
		return []samplertest.Span{{ID: id, Attributes: named(namespace)}}
	}
	grouped := func(more settings) settings {
		all := settings{"consistent_by": []any{"workflow"}, "sample_rate": 0.5}
		maps.Copy(all, more)
		return all
	}
	keeps, drops := keyThat(true), keyThat(false)
	stamped := settings{decision.ThresholdAttribute: "8", decision.RandomnessAttribute: group.Of(keeps).Randomness().RValue()}
	plus := func(more settings, attributes ...settings) settings {
		all := maps.Clone(more)
		for _, a := range attributes {
			maps.Copy(all, a)
		}
		return all
	}
	key := func(key string) settings { return settings{"order": key} }
	for name, tt := range map[string]struct {
		settings settings
		spans    []samplertest.Span
		id       pcommon.TraceID
		record   settings
		want     settings // nil if it is dropped
		count    string
		keys     int64 // that were looked up
	}{
		"for its rate": {
			settings{"namespaces": settings{"noise": 0}}, nil, highID, key("noise"), nil, "dropped noise exact", 1,
		},
		"to be written": {nil, nil, highID, key("payment"), plus(key("payment"), named("payments")), "kept payments global", 1},
		"to be written over a missing value": {
			nil, nil, highID, plus(key("payment"), named("unknown")), plus(key("payment"), named("payments")), "kept payments global", 1,
		},
		"not if it has one":             {nil, nil, highID, plus(key("payment"), named("a")), plus(key("payment"), named("a")), "kept a global", 0},
		"not if it is doomed":           {settings{"sample_rate": 0.5}, nil, lowID, key("payment"), nil, "dropped _none global", 0},
		"not at rate 0 without a trace": {settings{"sample_rate": 0}, nil, pcommon.TraceID{}, key("payment"), nil, "dropped _none global", 0},
		"not at rate 0 with a threshold alone": {
			settings{"sample_rate": 0}, nil, pcommon.TraceID{}, plus(key("payment"), settings{decision.ThresholdAttribute: "8"}), nil, "dropped _none global", 0,
		},
		"not if it is doomed by its randomness": {
			settings{"sample_rate": 0.5}, nil, highID, plus(key("payment"), settings{decision.RandomnessAttribute: "10000000000000"}), nil, "dropped _none global", 0,
		},
		"if some namespace may keep it": {
			settings{"sample_rate": 0.5, "namespaces": settings{"payments": 1}},
			nil, lowID, key("payment"), plus(key("payment"), named("payments")),
			"kept payments exact", 1,
		},
		"by its next key": {
			settings{"sample_rate": 0, "namespaces": settings{"payments": 1}},
			nil, lowID,
			settings{"order": "unheard of", "item": "payment"},
			settings{"order": "unheard of", "item": "payment", "namespace": "payments"},
			"kept payments exact", 2,
		},
		"if it is always kept": {
			settings{"sample_rate": 0, "logs": settings{"always_keep": []any{"true"}}},
			nil, lowID, key("payment"),
			plus(key("payment"), named("payments")), "kept payments always_keep", 1,
		},
		"in a trace that its rate keeps": {
			settings{"sample_rate": 0, "namespaces": settings{"orders": 0.5}},
			span(highID, "orders"), highID, key("payment"),
			plus(key("payment"), named("payments"), settings{decision.ThresholdAttribute: "8"}), "kept payments trace", 1,
		},
		"not in a trace that its rate drops, whatever other namespaces have": {
			settings{"namespaces": settings{"orders": 0.5}}, span(lowID, "orders"), lowID, key("payment"), nil, "dropped orders trace", 0,
		},
		"in a trace that its rate drops, if log records have a rate that may keep it": {
			settings{"namespaces": settings{"orders": 0.5}, "logs": settings{"namespaces": settings{"payments": 1}}},
			span(lowID, "orders"), lowID,
			key("payment"), plus(key("payment"), named("payments")), "kept payments exact", 1,
		},
		"for its group": {
			grouped(nil), nil, lowID, key("payment"), plus(key("payment"), named("payments"), stamped), "kept payments global", 1,
		},
		"for its group, which drops it": {grouped(nil), nil, highID, key("order"), nil, "dropped orders global", 1},
		"for its group alone": {
			grouped(nil), nil, lowID, plus(key("payment"), named("a")), plus(key("payment"), named("a"), stamped), "kept a global", 1,
		},
		"for its group, by its next key": {
			grouped(nil), nil, lowID,
			settings{"order": "unheard of", "item": "group only"},
			plus(settings{"order": "unheard of", "item": "group only"}, stamped),
			"kept _none global", 2,
		},
		"not for its group at rate 1": {
			grouped(settings{"namespaces": settings{"a": 1}}), nil, lowID, plus(key("payment"), named("a")), plus(key("payment"), named("a")), "kept a exact", 0,
		},
		"not for its group at rate 0": {
			grouped(settings{"namespaces": settings{"a": 0}}), nil, highID, plus(key("payment"), named("a")), nil, "dropped a exact", 0,
		},
		"not for its group if it was sampled before": {
			grouped(nil), nil, highID, plus(key("payment"), named("a"), settings{decision.ThresholdAttribute: "4"}),
			plus(key("payment"), named("a"), settings{decision.ThresholdAttribute: "8"}), "kept a global", 0,
		},
		"not for its group if it carries one": {
			grouped(nil), nil, lowID, plus(key("order"), named("a"), settings{"workflow": keeps}),
			plus(key("order"), named("a"), settings{"workflow": keeps}, stamped), "kept a global", 0,
		},
		"not for its group if its trace is remembered": {
			grouped(nil),
			[]samplertest.Span{{ID: lowID, Attributes: settings{"namespace": "payments", "workflow": keeps}}},
			lowID,
			plus(key("order"), named("payments")), plus(key("order"), named("payments"), stamped), "kept payments global", 0,
		},
		"not for its group if its trace has none": {
			grouped(nil), []samplertest.Span{{ID: lowID, Attributes: named("payments")}}, lowID, plus(key("payment"), named("a")), nil, "dropped a trace", 0,
		},
		"not in a trace whose group drops it": {
			grouped(nil),
			[]samplertest.Span{{ID: highID, Attributes: settings{"namespace": "payments", "workflow": drops}}},
			highID,
			key("payment"), nil, "dropped payments trace", 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := samplertest.Start(t, withLookups(dsn, nil, tt.settings))
			if tt.spans != nil {
				h.ConsumeTraces(samplertest.TracesOf(t, tt.spans...))
			}
			out := h.ConsumeLogs(samplertest.LogsOf(t, of(tt.id, tt.record)...))
			if tt.want == nil {
				assert.Empty(t, out)
			} else {
				assert.Equal(t, []map[string]any{tt.want}, attributesOf(out))
			}
			assert.Equal(t, map[string]int64{tt.count: 1}, h.Counts("log_records"))
			keys := int64(0)
			for _, n := range h.Counts("lookup_keys") {
				keys += n
			}
			assert.Equal(t, tt.keys, keys)
		})
	}
}

func TestABatchTakesOneRoundTrip(t *testing.T) { // 4.2
	h := samplertest.Start(t, samplertest.WithPostgres(samplertest.NewDatabase(t, 300).DSN, nil, nil))
	var records []samplertest.Record
	for i := range 900 {
		records = append(records, samplertest.Record{Attributes: settings{"task_uuid": samplertest.TaskID(i % 300)}})
	}
	out := h.ConsumeLogs(samplertest.LogsOf(t, records...))
	require.Len(t, out, 900)
	for i, r := range out {
		assert.Equal(t, []string{"ns-0", "ns-1", "ns-2"}[i%3], textOf(r, "namespace"))
	}
	assert.Equal(t, map[string]int64{"": 1}, h.Counts("lookup_round_trips"))
	assert.Equal(t, map[string]int64{"resolved": 300}, h.Counts("lookup_keys"))
	h.ConsumeLogs(samplertest.LogsOf(t, records...))
	assert.Equal(t, map[string]int64{"": 1}, h.Counts("lookup_round_trips"), "then the cache answers")
}

func TestOnFailureDecidesRecordsWithoutANamespace(t *testing.T) { // C6
	for onFailure, want := range map[string]map[string]int64{
		"global_rate": {"kept _none global": 1, "dropped _none global": 1, "dropped a exact": 1, "kept payments trace": 1},
		"keep":        {"kept _none unavailable": 2, "dropped a exact": 1, "kept payments trace": 1},
		"drop":        {"dropped _none unavailable": 1, "dropped _none global": 1, "dropped a exact": 1, "kept payments trace": 1},
	} {
		t.Run(onFailure, func(t *testing.T) {
			h := samplertest.Start(t, withLookups(nowhere, settings{"wait": "0s", "on_failure": onFailure},
				settings{"sample_rate": 0.5, "namespaces": settings{"a": 0}}))
			h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: id03, Attributes: named("payments")}))
			key := settings{"order": "payment"}
			records := append(of(highID, key, settings{"order": "payment", "namespace": "a"}), of(lowID, key)...)
			out := h.ConsumeLogs(samplertest.LogsOf(t, append(records, of(id03, key)...)...))
			assert.Equal(t, want, h.Counts("log_records"), "the namespace of a trace is one, too")
			assert.NotContains(t, out[len(out)-1].Attributes().AsRaw(), "namespace", "but the record may belong to another")
			if onFailure == "keep" {
				assert.Equal(t, key, out[0].Attributes().AsRaw(), "kept with probability 1")
			}
		})
	}
}

func TestWithoutItsGroupARecordGoesByItsTraceID(t *testing.T) { // G1
	h := samplertest.Start(t, withLookups(nowhere, settings{"wait": "0s", "on_failure": "drop"},
		settings{"sample_rate": 0.5, "consistent_by": []any{"workflow"}}))
	record := settings{"order": "payment", "namespace": "a"}
	assert.Empty(t, h.ConsumeLogs(samplertest.LogsOf(t, of(lowID, record)...)))
	out := h.ConsumeLogs(samplertest.LogsOf(t, of(highID, record)...))
	require.Len(t, out, 1)
	assert.Equal(t, "8", textOf(out[0], decision.ThresholdAttribute))
	assert.Empty(t, textOf(out[0], decision.RandomnessAttribute))
	assert.Equal(t, map[string]int64{"logs": 2}, h.Counts("ungrouped_items"))
}
