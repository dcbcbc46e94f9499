// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// family returns a batch of spans "id parent", where ids are letters, capital ones those of internal spans, and "-" is no parent.
func family(t *testing.T, members ...string) ptrace.Traces {
	t.Helper()
	td := ptrace.NewTraces()
	for i, member := range members {
		id, parent, ok := strings.Cut(member, " ")
		require.True(t, ok)
		resource := td.ResourceSpans().AppendEmpty() // of their own, as those of several services
		resource.Resource().Attributes().PutInt("i", int64(i))
		s := resource.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		s.SetTraceID(samplertest.HighID)
		s.SetName(id)
		s.SetSpanID(letter(id))
		s.SetParentSpanID(letter(parent))
		s.Links().AppendEmpty().SetSpanID(letter(parent))
	}
	return td
}

func letter(id string) (out pcommon.SpanID) {
	if id != "-" {
		copy(out[:], id)
	}
	return out
}

var dropsCapitals = map[string]any{
	"spans": map[string]any{"internal": map[string]any{"match": []any{`IsMatch(span.name, "^[A-Z]")`}}},
}

func TestChildrenOfInternalSpansGetTheNearestAncestorThatIsLeft(t *testing.T) {
	for name, tt := range map[string]struct{ in, want []string }{
		"a parent":                        {[]string{"a -", "B a", "c B"}, []string{"a -", "c a"}},
		"in any order":                    {[]string{"c B", "B a", "a -"}, []string{"c a", "a -"}},
		"several generations":             {[]string{"a -", "B a", "C B", "D C", "e D", "f B"}, []string{"a -", "e a", "f a"}},
		"a root leaves roots":             {[]string{"A -", "b A", "c A", "d c"}, []string{"b -", "c -", "d c"}},
		"an ancestor in another batch":    {[]string{"B x", "c B"}, []string{"c x"}},
		"other spans keep their parents":  {[]string{"a -", "B a", "c a", "d x"}, []string{"a -", "c a", "d x"}},
		"itself for a parent":             {[]string{"A A", "b A"}, []string{"b -"}},
		"a circle":                        {[]string{"A B", "B C", "C A", "d B", "e A"}, []string{"d -", "e -"}},
		"a circle through one that stays": {[]string{"a B", "B a"}, []string{"a -"}},
		"an ID that another span has too": {[]string{"a -", "B a", "c B", "b a"}, []string{"a -", "c a", "b a"}},
		"no ID at all":                    {[]string{"A -", "b -", "C x", "d C"}, []string{"b -", "d x"}},
		"nothing left":                    {[]string{"A -", "B A"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := samplertest.Start(t, dropsCapitals)
			var got []string
			for _, s := range h.ConsumeTraces(family(t, tt.in...)) {
				parent := s.ParentSpanID()
				if parent.IsEmpty() {
					parent = pcommon.SpanID{'-'}
				}
				got = append(got, s.Name()+" "+string(parent[:1]))
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestASpanThatSharesTheIDOfADroppedOneRemainsTheParent(t *testing.T) {
	h := samplertest.Start(t, dropsCapitals)
	td := family(t, "a -", "B a", "c B")
	shared := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	shared.SetTraceID(samplertest.HighID)
	shared.SetSpanID(letter("B"))
	shared.SetName("the server's side of the call")
	for _, s := range h.ConsumeTraces(td) {
		if s.Name() == "c" {
			assert.Equal(t, letter("B"), s.ParentSpanID())
		}
	}
}

func TestLinksAndOtherTracesAreNotChanged(t *testing.T) {
	h := samplertest.Start(t, dropsCapitals)
	td := family(t, "a -", "B a", "c B")
	other := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	other.SetTraceID(samplertest.LowID)
	other.SetSpanID(letter("z"))
	other.SetParentSpanID(letter("B"))

	out := h.ConsumeTraces(td)
	require.Len(t, out, 3)
	assert.Equal(t, letter("B"), out[1].Links().At(0).SpanID(), "c was linked to B")
	assert.Equal(t, letter("B"), out[2].ParentSpanID(), "B of another trace")
}

func TestChildrenOfSpansThatARateDropsKeepTheirParent(t *testing.T) {
	h := samplertest.Start(t, map[string]any{
		"spans":      dropsCapitals["spans"],
		"tracing":    map[string]any{"sampler": "trace_id_ratio"},
		"namespaces": map[string]any{"silent": 0},
	})
	td := family(t, "a -", "b a", "c b", "D b", "e D")
	td.ResourceSpans().At(1).Resource().Attributes().PutStr("namespace", "silent")
	out := h.ConsumeTraces(td)
	require.Equal(t, []string{"a", "c", "e"}, names(out))
	assert.Equal(t, letter("b"), out[1].ParentSpanID())
	assert.Equal(t, letter("a"), out[2].ParentSpanID(), "the nearest that is left: b is not")
}
