// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// TestKeysAreLookedUpWhereTheyCanMakeADifference counts the keys that Postgres would be asked about; it need not be there.
func TestKeysAreLookedUpWhereTheyCanMakeADifference(t *testing.T) {
	key := func(i int) map[string]any { return map[string]any{"task_uuid": samplertest.TaskID(i)} }
	low := func(s samplertest.Span) samplertest.Span { s.ID = samplertest.LowID; return s }
	high := func(s samplertest.Span) samplertest.Span { s.ID = samplertest.HighID; return s }
	root := samplertest.Span{Root: true, Attributes: named("half")}
	for name, tt := range map[string]struct {
		settings map[string]any
		batches  [][]samplertest.Span // all but the last are only there to be remembered
		keys     int64
	}{
		"no rate could keep the span": {
			map[string]any{"namespaces": map[string]any{"half": 0.5}}, [][]samplertest.Span{{low(samplertest.Span{Attributes: key(1)}), low(samplertest.Span{Attributes: key(2)})}}, 0,
		},
		"some rate could": {
			nil, [][]samplertest.Span{{low(samplertest.Span{Attributes: key(1)}), low(samplertest.Span{Attributes: key(2)})}}, 2,
		},
		"the root dooms its trace": {
			nil, [][]samplertest.Span{{low(samplertest.Span{Attributes: key(1)}), low(root), low(samplertest.Span{Attributes: key(2)})}}, 0,
		},
		"the root keeps it, and its spans get their attribute": {
			nil, [][]samplertest.Span{{high(samplertest.Span{Attributes: key(1)}), high(root), high(samplertest.Span{Attributes: key(2)})}}, 2,
		},
		"a remembered trace is doomed": {
			nil, [][]samplertest.Span{{low(root)}, {low(samplertest.Span{Attributes: key(1)}), low(samplertest.Span{Attributes: key(2)})}}, 0,
		},
		"a remembered trace is kept": {
			nil, [][]samplertest.Span{{high(root)}, {high(samplertest.Span{Attributes: key(1)}), high(samplertest.Span{Attributes: key(1)})}}, 1,
		},
		"one of its spans has a randomness of its own": {
			nil, [][]samplertest.Span{{low(root)}, {low(samplertest.Span{Attributes: key(1)}), low(samplertest.Span{Attributes: key(2), Tracestate: "ot=rv:ffffffffffffff"})}}, 1,
		},
		"a root with a key speaks first": {
			nil, [][]samplertest.Span{{low(samplertest.Span{Attributes: named("half")}), low(samplertest.Span{Root: true, Attributes: key(1)})}}, 1,
		},
		"without a root the first that names it speaks": {
			nil, [][]samplertest.Span{{low(samplertest.Span{Attributes: named("half")}), low(samplertest.Span{Attributes: key(1)})}}, 0,
		},
		"those before it speak first": {
			nil, [][]samplertest.Span{{low(samplertest.Span{Attributes: key(1)}), low(samplertest.Span{Attributes: named("half")}), low(samplertest.Span{Attributes: key(2)})}}, 2,
		},
		"always_keep: the attribute is written": {
			map[string]any{"tracing": map[string]any{"always_keep": []any{`span.name == "span 1"`}}},
			[][]samplertest.Span{{low(root), low(samplertest.Span{Attributes: key(1)}), low(samplertest.Span{Attributes: key(2)})}},
			1,
		},
		"internal: the span goes": {
			map[string]any{"spans": map[string]any{"internal": map[string]any{"match": []any{`span.name == "span 1"`}}}},
			[][]samplertest.Span{{high(root), high(samplertest.Span{Attributes: key(1)}), high(samplertest.Span{Attributes: key(2)})}},
			1,
		},
		"priority: one goes, one gets its attribute": {
			map[string]any{"tracing": map[string]any{"honor_priority": true}},
			[][]samplertest.Span{{
				low(root),
				low(samplertest.Span{Attributes: map[string]any{"task_uuid": samplertest.TaskID(1), "sampling.priority": 1}}),
				high(samplertest.Span{Attributes: map[string]any{"task_uuid": samplertest.TaskID(2), "sampling.priority": 0}}),
			}},
			1,
		},
		"singly, by trace_id_ratio": {
			map[string]any{"tracing": map[string]any{"sampler": "trace_id_ratio"}},
			[][]samplertest.Span{{low(root), low(samplertest.Span{Attributes: key(1)}), low(samplertest.Span{Attributes: key(2)})}},
			2,
		},
		"the signal is off": {
			map[string]any{"tracing": map[string]any{"enabled": false}}, [][]samplertest.Span{{high(samplertest.Span{Attributes: key(1)})}}, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			settings := map[string]any{"sample_rate": 0.1, "namespaces": map[string]any{"half": 0.5, "payments": 1}}
			for k, v := range tt.settings {
				settings[k] = v
			}
			h := samplertest.Start(t, samplertest.WithPostgres("postgres://127.0.0.1:1/none", nil, settings))
			for _, batch := range tt.batches {
				h.ConsumeTraces(samplertest.TracesOf(t, batch...))
			}
			assert.Equal(t, tt.keys, h.Counts("lookup_keys")["unavailable"])
		})
	}
}

// TestDoomedTracesSaveTheirLookups: traces as Tasker's are, at a rate of 0.01, which 99 of 100 do not survive.
func TestDoomedTracesSaveTheirLookups(t *testing.T) {
	const traces, keysEach = 2_000, 4
	keys := func(sampler string) int64 {
		h := samplertest.Start(t, samplertest.WithPostgres("postgres://127.0.0.1:1/none", nil, map[string]any{
			"sample_rate": 0.01, "namespaces": map[string]any{"payments": 1}, "tracing": map[string]any{"sampler": sampler},
		}))
		var spans []samplertest.Span
		for n := range traces {
			id := pcommon.TraceID{15: byte(n), 14: byte(n >> 8), 13: 1}
			id[9], id[10] = byte(n*7), byte(n*13) // randomness of all sizes
			for k := range keysEach {
				spans = append(spans, samplertest.Span{ID: id, Attributes: map[string]any{"task_uuid": samplertest.TaskID(n*keysEach + k)}}, samplertest.Span{ID: id})
			}
			spans = append(spans, samplertest.Span{ID: id, Root: true, Attributes: named("analytics")})
		}
		h.ConsumeTraces(samplertest.TracesOf(t, spans...))
		return h.Counts("lookup_keys")["unavailable"]
	}
	singly, byTrace := keys("trace_id_ratio"), keys("parent_based")
	t.Logf("%d keys singly, %d by trace", singly, byTrace)
	assert.EqualValues(t, traces*keysEach, singly)
	assert.Positive(t, byTrace)
	assert.LessOrEqual(t, byTrace, singly/10)
}
