// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// named returns attributes that name a namespace, none for "".
func named(namespace string) map[string]any {
	if namespace == "" {
		return nil
	}
	return map[string]any{"namespace": namespace}
}

// names returns the names of spans.
func names[S interface{ Name() string }](spans []S) []string {
	var out []string
	for _, s := range spans {
		out = append(out, s.Name())
	}
	return out
}

// TestATraceHasOneRate is T16 within a batch: that of the root's namespace, else of the first span that has one.
func TestATraceHasOneRate(t *testing.T) {
	settings := map[string]any{"sample_rate": 0, "namespaces": map[string]any{"kept": 1, "other": 0}}
	root := func(namespace string) samplertest.Span {
		return samplertest.Span{ID: samplertest.HighID, Root: true, Attributes: named(namespace)}
	}
	child := func(namespace string) samplertest.Span {
		return samplertest.Span{ID: samplertest.HighID, Attributes: named(namespace)}
	}
	for name, tt := range map[string]struct {
		spans []samplertest.Span
		keep  bool
	}{
		"the root's, before":                 {[]samplertest.Span{root("kept"), child(""), child("other")}, true},
		"the root's, after":                  {[]samplertest.Span{child("other"), child(""), root("kept")}, true},
		"the root's, though others would":    {[]samplertest.Span{child("kept"), root("other")}, false},
		"the first that has one":             {[]samplertest.Span{child(""), child("kept"), child("other")}, true},
		"not the second":                     {[]samplertest.Span{child("other"), child("kept")}, false},
		"the first where the root says none": {[]samplertest.Span{root(""), child("kept"), child("other")}, true},
		"a missing value is none":            {[]samplertest.Span{root("unknown"), child(""), child("kept")}, true},
		"the global rate where nobody has":   {[]samplertest.Span{root(""), child("")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := samplertest.Start(t, settings)
			out := h.ConsumeTraces(samplertest.TracesOf(t, tt.spans...))
			assert.Len(t, out, map[bool]int{true: len(tt.spans)}[tt.keep], "whole or not at all")
		})
	}
}

// TestATraceIsRemembered is T16 across batches.
func TestATraceIsRemembered(t *testing.T) {
	h := samplertest.Start(t, map[string]any{"sample_rate": 0, "namespaces": map[string]any{"kept": 0.5, "other": 0}})

	assert.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID})), "nothing names it yet: the global rate")
	assert.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID, Attributes: named("kept")})), 1,
		"the global rate was not remembered")
	late := h.ConsumeTraces(samplertest.TracesOf(t,
		samplertest.Span{ID: samplertest.HighID}, samplertest.Span{ID: samplertest.HighID, Attributes: named("other")}, samplertest.Span{ID: samplertest.HighID, Root: true, Attributes: named("other")}))
	require.Len(t, late, 3, "later spans follow, and a later root changes nothing")
	for _, s := range late {
		assert.Equal(t, "ot=th:8", s.TraceState().AsRaw(), "late spans are stamped with the rate of the trace")
	}
	assert.Equal(t, map[string]int64{
		"dropped _none global": 1, "kept kept exact": 1, "kept kept trace": 1, "kept other trace": 2,
	}, h.Counts("spans"), "each counts under its own namespace, else under the trace's")
}

// TestABatchDoesNotEvictItsOwnTraces: what is remembered of its traces is recalled before any is remembered anew.
func TestABatchDoesNotEvictItsOwnTraces(t *testing.T) {
	h := samplertest.Start(t, map[string]any{
		"sample_rate": 0, "namespaces": map[string]any{"kept": 1, "other": 0},
		"tracing": map[string]any{"trace_memory": map[string]any{"max_traces": 2}},
	})
	of := func(last byte, namespace string) samplertest.Span {
		return samplertest.Span{ID: pcommon.TraceID{15: last}, Attributes: named(namespace)}
	}
	require.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, of(1, "kept"))), 1)
	out := h.ConsumeTraces(samplertest.TracesOf(t, of(2, "other"), of(3, "other"), of(1, "")))
	assert.Len(t, out, 1, "the last, whose trace is remembered")
	assert.Equal(t, map[string]int64{"": 1}, h.Counts("forgotten_traces"))
}

// TestSpansOfATraceNeedNotBeAdjacent, also those of traces whose IDs end alike, remembered or not.
func TestSpansOfATraceNeedNotBeAdjacent(t *testing.T) {
	h := samplertest.Start(t, map[string]any{"sample_rate": 0, "namespaces": map[string]any{"kept": 1, "other": 0}})
	of := func(first byte, namespace string) samplertest.Span {
		return samplertest.Span{ID: pcommon.TraceID{0: first, 15: 7}, Attributes: named(namespace)}
	}
	spans := []samplertest.Span{of(1, "kept"), of(2, "other"), of(3, "kept"), of(1, "other"), of(2, "kept"), of(3, ""), of(2, ""), of(1, "")}
	for range 2 {
		kept := map[byte]int{}
		for _, s := range h.ConsumeTraces(samplertest.TracesOf(t, spans...)) {
			id := s.TraceID()
			kept[id[0]]++
		}
		assert.Equal(t, map[byte]int{1: 3, 3: 2}, kept)
		slices.Reverse(spans)
	}
}

// TestAGuessIsNotRemembered: nobody looked up what the root's namespace is, as no rate keeps the spans of the first batch.
func TestAGuessIsNotRemembered(t *testing.T) {
	dsn := samplertest.NewDatabase(t, 1).DSN
	h := samplertest.Start(t, samplertest.WithPostgres(dsn, nil, map[string]any{
		"sample_rate": 0, "namespaces": map[string]any{"ns-0": 0.9, "other": 0.5},
	}))
	root := samplertest.Span{ID: samplertest.LowID, Root: true, Attributes: map[string]any{"task_uuid": samplertest.TaskID(0)}}
	assert.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID, Attributes: named("other")}, root)))
	assert.Empty(t, h.Counts("lookup_keys"))
	root.Tracestate = "ot=rv:ffffffffffffff"
	out := h.ConsumeTraces(samplertest.TracesOf(t, root))
	require.Len(t, out, 1)
	assert.Equal(t, "ot=rv:ffffffffffffff;th:199a", out[0].TraceState().AsRaw(), "the rate of ns-0")
}

// TestAnExemptSpanNamesItsTrace: an error that arrives first, alone and kept whatever its rate, still says whose trace it is.
func TestAnExemptSpanNamesItsTrace(t *testing.T) {
	dsn := samplertest.NewDatabase(t, 1).DSN
	h := samplertest.Start(t, samplertest.WithPostgres(dsn, nil, map[string]any{
		"sample_rate": 0, "namespaces": map[string]any{"ns-0": 1},
		"tracing": map[string]any{"always_keep": []any{isError}},
	}))
	first := samplertest.Span{ID: samplertest.LowID, Attributes: map[string]any{"task_uuid": samplertest.TaskID(0)}}
	require.Len(t, h.ConsumeTraces(failed(samplertest.TracesOf(t, first), 0)), 1)
	assert.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID})), 1)
	assert.Equal(t, map[string]int64{"kept ns-0 always_keep": 1, "kept ns-0 trace": 1}, h.Counts("spans"))
}

// TestABatchThatWaitedUsesTheRateThatAnotherRemembered: what became known of its trace while it waited for Postgres holds for it
// too.
func TestABatchThatWaitedUsesTheRateThatAnotherRemembered(t *testing.T) {
	for _, onFailure := range []string{"drop", "global_rate"} {
		asked := make(chan struct{})
		h := samplertest.Start(t, samplertest.WithPostgres("postgres://x@"+silentServer(t, asked)+"/none?sslmode=disable",
			map[string]any{"wait": "1s", "query_timeout": "1s", "on_failure": onFailure},
			map[string]any{"sample_rate": 0, "namespaces": map[string]any{"payments": 1}}))
		waits := samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID, Attributes: map[string]any{"task_uuid": samplertest.TaskID(1)}})
		done := make(chan error)
		go func() { done <- h.Traces.ConsumeTraces(t.Context(), waits) }()
		<-asked
		require.NoError(t, h.Traces.ConsumeTraces(t.Context(), samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID, Attributes: named("payments")})))
		require.NoError(t, <-done)
		assert.Equal(t, 2, h.Spans.SpanCount(), onFailure)
	}
}

// silentServer accepts connections, says so once, and never answers.
func silentServer(t *testing.T, asked chan<- struct{}) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	var once sync.Once
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			once.Do(func() { close(asked) })
		}
	}()
	return l.Addr().String()
}

// TestATraceTakesOnFailureAsAWhole where nothing names it: its spans without a key share the lot of those with one.
func TestATraceTakesOnFailureAsAWhole(t *testing.T) {
	spans := []samplertest.Span{{ID: samplertest.HighID}, {ID: samplertest.HighID, Attributes: map[string]any{"task_uuid": samplertest.TaskID(1)}}, {ID: samplertest.HighID}}
	for onFailure, want := range map[string]int{"keep": 3, "drop": 0} {
		h := samplertest.Start(t, samplertest.WithPostgres("postgres://127.0.0.1:1/none", map[string]any{"on_failure": onFailure}, map[string]any{"sample_rate": 0.5}))
		assert.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, spans...)), want, onFailure)
	}
	h := samplertest.Start(t, samplertest.WithPostgres("postgres://127.0.0.1:1/none", map[string]any{"on_failure": "drop"}, map[string]any{"sample_rate": 0.5}))
	spans[1].Root = true
	spans[2].Attributes = named("payments")
	assert.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, spans...)), 3, "a name decides, though the root could not be asked about")
}

func TestATraceIsForgottenAfterItsTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := samplertest.Start(t, map[string]any{
			"sample_rate": 0, "namespaces": map[string]any{"kept": 1},
			"tracing": map[string]any{"trace_memory": map[string]any{"ttl": "10s"}},
		})
		h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID, Attributes: named("kept")}))
		for range 3 {
			time.Sleep(10 * time.Second)
			assert.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID})), 1, "each batch renews it")
		}
		time.Sleep(10*time.Second + 1)
		assert.Empty(t, h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID})))
	})
}

func TestTracesBeyondTheMemoryAreForgottenAndCounted(t *testing.T) {
	h := samplertest.Start(t, map[string]any{
		"sample_rate": 0, "namespaces": map[string]any{"kept": 1},
		"tracing": map[string]any{"trace_memory": map[string]any{"max_traces": 10}},
	})
	var first []samplertest.Span
	for range 25 {
		first = append(first, samplertest.Span{ID: samplertest.RandomID(), Attributes: named("kept")})
	}
	require.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, first...)), 25)
	var late []samplertest.Span
	for _, s := range slices.Backward(first) {
		late = append(late, samplertest.Span{ID: s.ID})
	}
	assert.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, late...)), 10)
	assert.Equal(t, map[string]int64{"": 15}, h.Counts("forgotten_traces"))
}

func TestSpansWithoutATraceIDAreDecidedSingly(t *testing.T) {
	h := samplertest.Start(t, map[string]any{"sample_rate": 0, "namespaces": map[string]any{"kept": 1}})
	td := samplertest.TracesOf(t, samplertest.Span{Attributes: named("kept")}, samplertest.Span{}, samplertest.Span{Attributes: named("kept")})
	for _, s := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		s.SetTraceID(pcommon.NewTraceIDEmpty())
	}
	assert.Equal(t, []string{"span 0", "span 2"}, names(h.ConsumeTraces(td)))
}

// TestWholeTracesDoNotDependOnBatches is T15 for parent_based, as far as it goes: for traces of one namespace whose batches all
// hold a span that names it, however they are cut and ordered.
func TestWholeTracesDoNotDependOnBatches(t *testing.T) {
	rng := rand.New(rand.NewPCG(16, 1))
	namespaces := []string{"payments", "orders", "analytics", "unlisted"}
	settings := map[string]any{
		"sample_rate": 0.3, "namespaces": map[string]any{"payments": 1, "orders": 0.5, "analytics": 0.01},
	}
	var traces [][]samplertest.Span
	for range 300 {
		namespace := named(namespaces[rng.IntN(len(namespaces))])
		id, state := samplertest.RandomID(), ""
		if rng.IntN(5) == 0 {
			state = "ot=th:4"
		}
		var spans []samplertest.Span
		for i := range 10 {
			s := samplertest.Span{ID: id, Tracestate: state, Root: i == 9}
			if i%2 == 0 {
				s.Attributes = namespace
			}
			spans = append(spans, s)
		}
		traces = append(traces, spans)
	}
	outcome := func(batches [][]samplertest.Span) map[string]int {
		h := samplertest.Start(t, settings)
		kept := map[string]int{}
		for _, batch := range batches {
			for _, s := range h.ConsumeTraces(samplertest.TracesOf(t, batch...)) {
				kept[fmt.Sprint(s.TraceID(), s.TraceState().AsRaw())]++
			}
		}
		return kept
	}

	whole := outcome([][]samplertest.Span{slices.Concat(traces...)})
	require.NotEmpty(t, whole)
	for trace, n := range whole {
		require.Equal(t, 10, n, "%s is not whole", trace)
	}
	for range 5 {
		var pieces [][]samplertest.Span
		for _, spans := range traces {
			for len(spans) > 0 {
				n := min(len(spans), 2*(1+rng.IntN(5))) // two spans that follow each other hold a namespace
				pieces = append(pieces, spans[:n])
				spans = spans[n:]
			}
		}
		rng.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		assert.Equal(t, whole, outcome(pieces))
	}
}
