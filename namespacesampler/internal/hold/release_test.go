// SPDX-License-Identifier: Apache-2.0

package hold_test

import (
	"fmt"
	"testing"
	"testing/synctest"

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
		add(&p, batchOf(names...), true)
	}
	require.Equal(t, 25*110, p.Len())
	o.store.Put(&p, o.Outlet, nobody)
	assert.True(t, p.IsEmpty())
	o.decide(traces...)
	var sizes []int
	for _, c := range o.taken() {
		sizes = append(sizes, len(c.spans))
	}
	assert.Equal(t, []int{990, 990, 770}, sizes)

	var names []string
	for i := range 2500 {
		names = append(names, fmt.Sprintf("a%d", i))
	}
	add(&p, batchOf(names...), true)
	o.store.Put(&p, o.Outlet, nobody)
	o.put(nobody, "b1", "a2500")
	o.decide('b', 'a')
	calls := o.taken()
	require.Len(t, calls, 3, "a part of a trace is not cut")
	assert.Equal(t, []string{"b1"}, calls[0].spans)
	assert.Equal(t, names, calls[1].spans)
	assert.Equal(t, []string{"a2500"}, calls[2].spans)
	assert.Zero(t, o.store.Spans())
}

// A list can be added to while it is delivered, as that of an outlet is.
func TestSpansAreAddedToCallsThatHaveNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans})
		o, other := newOutlet(store), newOutlet(store)
		begun, release := make(chan struct{}, 1), make(chan struct{})
		o.during = func(call) {
			begun <- struct{}{}
			<-release
		}
		o.put(nobody, "a1", "b1", "c1", "d1")
		other.decide('a')
		<-begun
		other.decide('b', 'c')
		other.decide('d')
		close(release)
		synctest.Wait()
		<-begun
		calls := o.taken()
		require.Len(t, calls, 2)
		assert.Equal(t, []string{"a1"}, calls[0].spans)
		assert.Equal(t, []string{"b1", "c1", "d1"}, calls[1].spans)
	})
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
	for _, rs := range td.ResourceSpans().All() { // each scope with a resource of its own
		for _, ss := range rs.ScopeSpans().All() {
			to := want.ResourceSpans().AppendEmpty()
			rs.Resource().CopyTo(to.Resource())
			to.SetSchemaUrl(rs.SchemaUrl())
			ss.CopyTo(to.ScopeSpans().AppendEmpty())
			to.ScopeSpans().At(0).Spans().RemoveIf(func(s ptrace.Span) bool { return s.TraceID() == traceID('b') })
		}
	}
	var p hold.Parcel
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for i, span := range ss.Spans().All() {
				p.Add(rs, ss, span, i > 1)
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
	assert.Equal(t, []bool{false, true, false, true, false, true, false, true}, calls[0].isAnswered)
	o.decide('b')
	assert.Len(t, o.left(), 4)
}

func TestAParcelYieldsSpansUntilNoMoreAreWanted(t *testing.T) {
	var p hold.Parcel
	add(&p, batchOf("a1", "b1", "c1"), true)
	n := 0
	for range p.Spans() {
		if n++; n == 2 {
			break
		}
	}
	assert.Equal(t, 2, n)
}
