// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// TestKeysAreLookedUpWhereTheyCanMakeADifference counts the keys that Postgres would be asked about; it need not be there.
func TestKeysAreLookedUpWhereTheyCanMakeADifference(t *testing.T) {
	key := func(i int) map[string]any { return map[string]any{"task_uuid": taskID(i)} }
	low := func(s span) span { s.id = lowID; return s }
	high := func(s span) span { s.id = highID; return s }
	root := span{root: true, attributes: named("half")}
	for name, tt := range map[string]struct {
		settings map[string]any
		batches  [][]span // all but the last are only there to be remembered
		keys     int64
	}{
		"no rate could keep the span": {
			map[string]any{"namespaces": map[string]any{"half": 0.5}}, [][]span{{low(span{attributes: key(1)}), low(span{attributes: key(2)})}}, 0,
		},
		"some rate could": {
			nil, [][]span{{low(span{attributes: key(1)}), low(span{attributes: key(2)})}}, 2,
		},
		"the root dooms its trace": {
			nil, [][]span{{low(span{attributes: key(1)}), low(root), low(span{attributes: key(2)})}}, 0,
		},
		"the root keeps it, and its spans get their attribute": {
			nil, [][]span{{high(span{attributes: key(1)}), high(root), high(span{attributes: key(2)})}}, 2,
		},
		"a remembered trace is doomed": {
			nil, [][]span{{low(root)}, {low(span{attributes: key(1)}), low(span{attributes: key(2)})}}, 0,
		},
		"a remembered trace is kept": {
			nil, [][]span{{high(root)}, {high(span{attributes: key(1)}), high(span{attributes: key(1)})}}, 1,
		},
		"one of its spans has a randomness of its own": {
			nil, [][]span{{low(root)}, {low(span{attributes: key(1)}), low(span{attributes: key(2), tracestate: "ot=rv:ffffffffffffff"})}}, 1,
		},
		"a root with a key speaks first": {
			nil, [][]span{{low(span{attributes: named("half")}), low(span{root: true, attributes: key(1)})}}, 1,
		},
		"without a root the first that names it speaks": {
			nil, [][]span{{low(span{attributes: named("half")}), low(span{attributes: key(1)})}}, 0,
		},
		"those before it speak first": {
			nil, [][]span{{low(span{attributes: key(1)}), low(span{attributes: named("half")}), low(span{attributes: key(2)})}}, 2,
		},
		"always_keep: the attribute is written": {
			map[string]any{"tracing": map[string]any{"always_keep": []any{`span.name == "span 1"`}}},
			[][]span{{low(root), low(span{attributes: key(1)}), low(span{attributes: key(2)})}},
			1,
		},
		"internal: the span goes": {
			map[string]any{"spans": map[string]any{"internal": map[string]any{"match": []any{`span.name == "span 1"`}}}},
			[][]span{{high(root), high(span{attributes: key(1)}), high(span{attributes: key(2)})}},
			1,
		},
		"priority: one goes, one gets its attribute": {
			map[string]any{"tracing": map[string]any{"honor_priority": true}},
			[][]span{{
				low(root),
				low(span{attributes: map[string]any{"task_uuid": taskID(1), "sampling.priority": 1}}),
				high(span{attributes: map[string]any{"task_uuid": taskID(2), "sampling.priority": 0}}),
			}},
			1,
		},
		"singly, by trace_id_ratio": {
			map[string]any{"tracing": map[string]any{"sampler": "trace_id_ratio"}},
			[][]span{{low(root), low(span{attributes: key(1)}), low(span{attributes: key(2)})}},
			2,
		},
		"the signal is off": {
			map[string]any{"tracing": map[string]any{"enabled": false}}, [][]span{{high(span{attributes: key(1)})}}, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			settings := map[string]any{"sample_rate": 0.1, "namespaces": map[string]any{"half": 0.5, "payments": 1}}
			for k, v := range tt.settings {
				settings[k] = v
			}
			h := start(t, withPostgres("postgres://127.0.0.1:1/none", nil, settings))
			for _, batch := range tt.batches {
				h.consumeTraces(tracesOf(t, batch...))
			}
			assert.Equal(t, tt.keys, h.counts("lookup_keys")["unavailable"])
		})
	}
}

// TestDoomedTracesSaveTheirLookups: traces as Tasker's are, at a rate of 0.01, which 99 of 100 do not survive.
func TestDoomedTracesSaveTheirLookups(t *testing.T) {
	const traces, keysEach = 2_000, 4
	keys := func(sampler string) int64 {
		h := start(t, withPostgres("postgres://127.0.0.1:1/none", nil, map[string]any{
			"sample_rate": 0.01, "namespaces": map[string]any{"payments": 1}, "tracing": map[string]any{"sampler": sampler},
		}))
		var spans []span
		for n := range traces {
			id := pcommon.TraceID{15: byte(n), 14: byte(n >> 8), 13: 1}
			id[9], id[10] = byte(n*7), byte(n*13) // randomness of all sizes
			for k := range keysEach {
				spans = append(spans, span{id: id, attributes: map[string]any{"task_uuid": taskID(n*keysEach + k)}}, span{id: id})
			}
			spans = append(spans, span{id: id, root: true, attributes: named("analytics")})
		}
		h.consumeTraces(tracesOf(t, spans...))
		return h.counts("lookup_keys")["unavailable"]
	}
	singly, byTrace := keys("trace_id_ratio"), keys("parent_based")
	t.Logf("%d keys singly, %d by trace", singly, byTrace)
	assert.EqualValues(t, traces*keysEach, singly)
	assert.Positive(t, byTrace)
	assert.LessOrEqual(t, byTrace, singly/10)
}
