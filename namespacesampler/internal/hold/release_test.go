// SPDX-License-Identifier: Apache-2.0

package hold_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
)

func TestACallHasAtMostAThousandSpans(t *testing.T) {
	o := newOutlet(hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans}))
	var p hold.Parcel
	var traces []byte
	for n := byte(1); n <= 25; n++ {
		traces = append(traces, n)
		var names []string
		for i := range 110 {
			names = append(names, fmt.Sprintf("%c%d", n, i))
		}
		add(&p, batchOf(names...))
	}
	require.Equal(t, 25*110, p.Len())
	o.store.Put(&p, o.Outlet, nobody)
	assert.Zero(t, p.Len())
	o.decide(traces...)
	var sizes []int
	for _, c := range o.taken() {
		sizes = append(sizes, len(c.spans))
	}
	assert.ElementsMatch(t, []int{990, 990, 770}, sizes)

	var names []string
	for i := range 2500 {
		names = append(names, fmt.Sprintf("a%d", i))
	}
	add(&p, batchOf(names...))
	o.store.Put(&p, o.Outlet, nobody)
	o.put(nobody, "b1", "a2500")
	o.decide('b', 'a')
	calls := o.taken()
	require.Len(t, calls, 3, "a part of a trace is not cut")
	slices.SortFunc(calls, func(a, b call) int { return len(b.spans) - len(a.spans) })
	assert.Equal(t, names, calls[0].spans)
	assert.Zero(t, o.store.Spans())
}

func TestSpansOfAScopeThatCameTogetherLeaveTogether(t *testing.T) {
	o := newOutlet(hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans}))
	td := ptrace.NewTraces()
	for n := range 2 {
		rs := td.ResourceSpans().AppendEmpty()
		rs.SetSchemaUrl(fmt.Sprint("resource ", n))
		rs.Resource().Attributes().PutInt("resource", int64(n))
		rs.Resource().SetDroppedAttributesCount(7)
		for m := range 2 {
			appendScope(rs, fmt.Sprintf("a%d%d0", n, m), fmt.Sprintf("b%d%d", n, m), fmt.Sprintf("a%d%d1", n, m))
			ss := rs.ScopeSpans().At(m)
			ss.SetSchemaUrl(fmt.Sprint("scope ", m))
			ss.Scope().SetName(fmt.Sprint("library ", n, m))
			ss.Scope().SetVersion("1")
			ss.Scope().Attributes().PutInt("scope", int64(m))
			ss.Scope().SetDroppedAttributesCount(9)
		}
	}
	want := ptrace.NewTraces()
	td.CopyTo(want)
	for _, rs := range want.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			ss.Spans().RemoveIf(func(s ptrace.Span) bool { return s.TraceID() == traceID('b') })
		}
	}
	var p hold.Parcel
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				p.Add(rs, ss, span)
			}
		}
	}
	var names []string
	for span := range p.Spans() {
		names = append(names, span.Name())
	}
	require.Len(t, names, 12)
	o.store.Put(&p, o.Outlet, nobody)
	o.decide('a')
	calls := o.taken()
	require.Len(t, calls, 1)
	assert.Equal(t, want, calls[0].td)
	o.decide('b')
	assert.Len(t, o.left(), 4)
}

func TestAParcelYieldsSpansUntilNoMoreAreWanted(t *testing.T) {
	var p hold.Parcel
	add(&p, batchOf("a1", "b1", "c1"))
	n := 0
	for range p.Spans() {
		if n++; n == 2 {
			break
		}
	}
	assert.Equal(t, 2, n)
}
