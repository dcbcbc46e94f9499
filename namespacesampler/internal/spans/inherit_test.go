// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// attributesOf sends batches and returns the attributes of all spans that came out of the last one.
func attributesOf(t *testing.T, settings map[string]any, batches ...[]samplertest.Span) (out []map[string]any) {
	t.Helper()
	s := samplertest.Start(t, settings)
	for _, batch := range batches {
		out = nil
		for _, span := range s.ConsumeTraces(samplertest.TracesOf(t, batch...)) {
			out = append(out, span.Attributes().AsRaw())
		}
	}
	return out
}

// T20.
func TestSpansWithoutANamespaceInheritThatOfTheirTrace(t *testing.T) {
	id := samplertest.RandomID()
	plain := samplertest.Span{ID: id, Attributes: map[string]any{"db.system": "postgresql"}}
	with := func(attributes map[string]any) samplertest.Span {
		return samplertest.Span{ID: id, Attributes: attributes}
	}
	root := samplertest.Span{ID: id, Root: true, Attributes: named("payments")}
	sql := map[string]any{"db.system": "postgresql"}
	inherited := map[string]any{"db.system": "postgresql", "namespace": "payments"}
	long := strings.Repeat("x", 257)
	for name, test := range map[string]struct {
		settings map[string]any
		batches  [][]samplertest.Span
		want     []map[string]any
	}{
		"after the root": {nil, [][]samplertest.Span{{root, plain}}, []map[string]any{named("payments"), inherited}},
		"before it":      {nil, [][]samplertest.Span{{plain, root}}, []map[string]any{inherited, named("payments")}},
		"in a later batch": {
			nil, [][]samplertest.Span{{root}, {plain}}, []map[string]any{inherited},
		},
		"not in an earlier one": {
			nil, [][]samplertest.Span{{plain}}, []map[string]any{sql},
		},
		"over a missing value": {
			nil, [][]samplertest.Span{{root, with(named("unknown"))}}, []map[string]any{named("payments"), named("payments")},
		},
		"those that name another keep it": {
			nil, [][]samplertest.Span{{root, with(named("orders"))}}, []map[string]any{named("payments"), named("orders")},
		},
		"from the first span with one, without a root": {
			nil,
			[][]samplertest.Span{{plain, with(named("orders")), with(named("payments"))}},
			[]map[string]any{{"db.system": "postgresql", "namespace": "orders"}, named("orders"), named("payments")},
		},
		"exempt ones too": {
			map[string]any{"sample_rate": 0, "tracing": map[string]any{"always_keep": []any{`span.attributes["db.system"] != nil`}}},
			[][]samplertest.Span{{root, plain}},
			[]map[string]any{inherited},
		},
		"to the attribute that resolved namespaces are written to": {
			map[string]any{"namespace": map[string]any{"write_to": "team"}},
			[][]samplertest.Span{{root, plain, with(named("unknown"))}},
			[]map[string]any{
				named("payments"), {"db.system": "postgresql", "team": "payments"}, {"namespace": "unknown", "team": "payments"},
			},
		},
		"over no other value": {
			map[string]any{"namespace": map[string]any{"write_to": "team"}},
			[][]samplertest.Span{{root, with(map[string]any{"team": "blue"})}},
			[]map[string]any{named("payments"), {"team": "blue"}},
		},
		"not if it is off": {
			map[string]any{"namespace": map[string]any{"inherit": false}},
			[][]samplertest.Span{{root, plain}, {plain}},
			[]map[string]any{sql},
		},
		"not by trace_id_ratio": {
			map[string]any{"tracing": map[string]any{"sampler": "trace_id_ratio"}},
			[][]samplertest.Span{{root, plain}},
			[]map[string]any{named("payments"), sql},
		},
		"not under dry_run": {
			map[string]any{"dry_run": true}, [][]samplertest.Span{{root, plain}}, []map[string]any{named("payments"), sql},
		},
		"not a name that is not valid UTF-8": {
			nil, [][]samplertest.Span{{{ID: id, Attributes: named("caf\xe9")}, plain}}, []map[string]any{named("caf\xe9"), sql},
		},
		"not if Postgres could not be asked about the span, which may belong to another": {
			samplertest.WithPostgres("postgres://127.0.0.1:1/none", map[string]any{"wait": 0}, nil),
			[][]samplertest.Span{{root, with(map[string]any{"task_uuid": samplertest.TaskID(1)}), plain}},
			[]map[string]any{named("payments"), {"task_uuid": samplertest.TaskID(1)}, inherited},
		},
		"not a name that is too long to be remembered": {
			nil, [][]samplertest.Span{{{ID: id, Attributes: named(long)}, plain}}, []map[string]any{named(long), sql},
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, attributesOf(t, test.settings, test.batches...))
		})
	}
}

func TestSpansWithoutATraceInheritNothing(t *testing.T) {
	td := samplertest.TracesOf(t, samplertest.Span{Root: true, Attributes: named("payments")}, samplertest.Span{Attributes: map[string]any{}})
	for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		span.SetTraceID([16]byte{})
	}
	s := samplertest.Start(t, nil)
	assert.Empty(t, s.ConsumeTraces(td)[1].Attributes().AsRaw())
}

// A namespace on the resource is the span's own.
func TestSpansWithANamespaceOnTheirResourceInheritNothing(t *testing.T) {
	id := samplertest.RandomID()
	td := ptrace.NewTraces()
	samplertest.AppendSpans(t, td, nil, nil, samplertest.Span{ID: id, Root: true, Attributes: named("payments")})
	samplertest.AppendSpans(t, td, named("orders"), nil, samplertest.Span{ID: id})
	s := samplertest.Start(t, nil)
	assert.Empty(t, s.ConsumeTraces(td)[1].Attributes().AsRaw())
}

// A trace that was only guessed at, because no rate keeps any of its spans, is not one that a namespace settled: what is kept of it
// whatever its rate gets no name that the lookup would have contradicted.
func TestSpansOfAGuessedTraceInheritNothing(t *testing.T) {
	settings := samplertest.WithPostgres("postgres://127.0.0.1:1/none", map[string]any{"wait": 0}, map[string]any{
		"sample_rate": 0, "tracing": map[string]any{"always_keep": []any{`span.name == "span 2"`}},
	})
	id := samplertest.RandomID()
	assert.Equal(t, []map[string]any{{}}, attributesOf(t, settings, []samplertest.Span{
		{ID: id, Root: true, Attributes: map[string]any{"task_uuid": samplertest.TaskID(1)}},
		{ID: id, Attributes: named("payments")},
		{ID: id, Attributes: map[string]any{}},
	}))
}
