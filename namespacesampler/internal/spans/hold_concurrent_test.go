// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

type senderKey struct{}

// bySender returns a context whose calls of the next component are told apart from those with held spans.
func bySender(ctx context.Context) context.Context { return context.WithValue(ctx, senderKey{}, true) }

// register is a component that notes which spans it is given. Spans are told apart by their IDs.
type register struct {
	faults bool // some calls fail, and some panic

	mu       sync.Mutex
	spans    map[pcommon.SpanID]int
	lostHeld int64 // held spans of the calls that failed
}

func newRegister() *register { return &register{spans: map[pcommon.SpanID]int{}} }

func (r *register) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.spans)
}

func (*register) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (r *register) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				r.spans[span.SpanID()]++
			}
		}
	}
	fault := rand.IntN(10)
	if !r.faults || fault > 3 {
		return nil
	}
	if ctx.Value(senderKey{}) == nil {
		r.lostHeld += int64(td.SpanCount())
		if fault == 3 {
			panic("a bug")
		}
	}
	return errRefused
}

// counted returns how many spans were counted as kept and as dropped.
func counted(h *samplertest.Sampler) (kept, dropped int64) {
	for counter, n := range h.Counts("spans") {
		if counter[:4] == "kept" {
			kept += n
		} else {
			dropped += n
		}
	}
	return kept, dropped
}

// shuffled returns n traces of spans, the spans of all traces in random order. The first span of each trace is changed by a function. IDs of
// spans are unique, from a number on.
func shuffled(t *testing.T, n, size, from int, first func(ptrace.Span)) (batches []ptrace.Traces) {
	t.Helper()
	for range n {
		id := samplertest.RandomID()
		for i := range size {
			td := samplertest.TracesOf(t, samplertest.Span{ID: id})
			span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
			span.SetSpanID([8]byte{1, byte(from >> 16), byte(from >> 8), byte(from)})
			from++
			if i == 0 {
				first(span)
			}
			batches = append(batches, td)
		}
	}
	rand.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	return batches
}

// TestConcurrentBatchesLeaveNoSpanOfANamedTraceBehind: a batch can find its trace nameless while another one is about to name it.
func TestConcurrentBatchesLeaveNoSpanOfANamedTraceBehind(t *testing.T) { // T18, T19
	const traces, size, senders = 300, 4, 8
	for name, first := range map[string]func(ptrace.Span){
		"a name":            func(s ptrace.Span) { s.Attributes().PutStr("namespace", "kept") },
		"a span that fails": func(s ptrace.Span) { s.Status().SetCode(ptrace.StatusCodeError) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				settings := holding(map[string]any{"wait": "1h"})
				settings["tracing"].(map[string]any)["always_keep_traces"] = []any{isError}
				registers := []*register{newRegister(), newRegister()}
				h, pipelines := samplertest.StartPipelines(t, settings, registers[0], registers[1])
				batches := shuffled(t, traces, size, 0, first)
				var all sync.WaitGroup
				for n := range senders {
					all.Go(func() {
						for i := n; i < len(batches); i += senders {
							assert.NoError(t, pipelines[i%2].ConsumeTraces(t.Context(), batches[i]))
						}
					})
				}
				all.Wait()
				synctest.Wait()
				assert.Equal(t, map[string]float64{"": 0}, h.Gauges("held_spans"))
				kept, dropped := counted(h)
				assert.EqualValues(t, traces*size, kept)
				assert.Zero(t, dropped)
				assert.Equal(t, traces*size, len(registers[0].spans)+len(registers[1].spans))
			})
		})
	}
}

// TestEachSpanLeavesOrIsDroppedOnce: concurrent batches, a small store, components that fail and panic, and a pipeline that stops in between.
func TestEachSpanLeavesOrIsDroppedOnce(t *testing.T) { // T19
	const rounds, traces, size, senders = 5, 200, 8, 6
	for range rounds {
		synctest.Test(t, func(t *testing.T) {
			settings := holding(map[string]any{"wait": "10ms", "max_spans": 100})
			settings["sample_rate"] = 0.5
			registers := []*register{newRegister(), newRegister()}
			registers[0].faults, registers[1].faults = true, true
			h, pipelines := samplertest.StartPipelines(t, settings, registers[0], registers[1])
			batches := shuffled(t, traces, size, 0, func(s ptrace.Span) {
				s.Attributes().PutStr("namespace", []string{"kept", "other"}[rand.IntN(2)])
			})
			var all sync.WaitGroup
			for n := range senders {
				all.Go(func() {
					for i := n; i < len(batches); i += senders {
						if err := pipelines[n%2].ConsumeTraces(bySender(t.Context()), batches[i]); err != nil {
							assert.ErrorIs(t, err, errRefused)
						}
						time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
					}
				})
			}
			time.Sleep(15 * time.Millisecond)
			assert.NoError(t, pipelines[1].Shutdown(context.Background()), "its senders go on")
			all.Wait()
			assert.NoError(t, pipelines[0].Shutdown(context.Background()))
			synctest.Wait()

			kept, dropped := counted(h)
			assert.EqualValues(t, traces*size, kept+dropped, "each is decided once")
			assert.Positive(t, dropped)
			handedOn := 0
			for i, r := range registers {
				handedOn += len(r.spans)
				for id, times := range r.spans {
					require.Equal(t, 1, times, "span %s", id)
				}
				for id := range r.spans {
					require.Zero(t, registers[1-i].spans[id], "in both pipelines: span %s", id)
				}
			}
			lost := registers[0].lostHeld + registers[1].lostHeld
			undelivered := h.Counts("undelivered_spans")[""]
			assert.GreaterOrEqual(t, undelivered, lost)
			assert.Equal(t, kept, int64(handedOn)+undelivered-lost, "each that is kept is handed on, or counted as undelivered")
			assert.Positive(t, lost)
			assert.Positive(t, h.Counts("early_released_traces")[""])
			assert.Equal(t, map[string]float64{"": 0}, h.Gauges("held_spans"))
		})
	}
}

// blocked is a component that hangs until the context of the call ends.
type blocked struct{}

func (blocked) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (blocked) ConsumeTraces(ctx context.Context, _ ptrace.Traces) error {
	<-ctx.Done()
	return fmt.Errorf("blocked: %w", ctx.Err())
}

// TestABlockedPipelineHoldsUpItselfAlone: what it holds is bounded, the other one goes on, and it stops in time.
func TestABlockedPipelineHoldsUpItselfAlone(t *testing.T) { // T19
	const most, traces, size, senders = 300, 500, 2, 4 // fewer wait at a time, but more would collect
	synctest.Test(t, func(t *testing.T) {
		settings := holding(map[string]any{"max_spans": most})
		settings["sample_rate"] = 1
		free := newRegister()
		h, pipelines := samplertest.StartPipelines(t, settings, blocked{}, free)
		nothing := func(ptrace.Span) {}
		own, other := shuffled(t, traces, size, 0, nothing), shuffled(t, traces, size, traces*size, nothing)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var all sync.WaitGroup
		var refused atomic.Int64
		for n := range senders {
			all.Go(func() {
				for i := n; i < len(own); i += senders {
					spans := own[i].SpanCount()
					if pipelines[0].ConsumeTraces(bySender(ctx), own[i]) != nil {
						refused.Add(int64(spans))
					}
					time.Sleep(100 * time.Millisecond)
				}
			})
		}
		began := time.Now()
		for _, td := range other {
			require.NoError(t, pipelines[1].ConsumeTraces(t.Context(), td))
			time.Sleep(25 * time.Millisecond)
			require.LessOrEqual(t, h.Gauges("held_spans")[""], float64(3*most+senders+1))
		}
		assert.Equal(t, traces*size*25*time.Millisecond, time.Since(began), "the other pipeline was never held up")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Equal(t, traces*size, free.count(), "and its spans have left in time")
		assert.Positive(t, h.Gauges("held_spans")[""], "those of the blocked one wait at its end")

		began = time.Now()
		require.NoError(t, pipelines[0].Shutdown(context.Background()))
		assert.LessOrEqual(t, time.Since(began), 5*time.Second)
		cancel()
		all.Wait()
		synctest.Wait()
		assert.Equal(t, map[string]int64{"kept _none global": 2 * traces * size}, h.Counts("spans"))
		assert.Positive(t, refused.Load(), "its senders feel it")
		assert.Equal(t, map[string]int64{"": traces*size - refused.Load()}, h.Counts("undelivered_spans"))
		assert.Equal(t, map[string]float64{"": 0}, h.Gauges("held_spans"))
	})
}

// stubborn is a component that hangs whatever happens to the context, until it is released.
type stubborn chan struct{}

func (stubborn) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s stubborn) ConsumeTraces(context.Context, ptrace.Traces) error {
	<-s
	return errors.New("too late")
}

func TestAStopDoesNotWaitForAComponentThatIgnoresItsContext(t *testing.T) { // T19, C3
	synctest.Test(t, func(t *testing.T) {
		settings := holding(nil)
		settings["sample_rate"] = 1
		next := stubborn(make(chan struct{}))
		h := samplertest.StartBefore(t, settings, next)
		require.NoError(t, h.Traces.ConsumeTraces(t.Context(), samplertest.TracesOf(t, samplertest.Span{ID: samplertest.LowID})))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.NoError(t, h.Traces.ConsumeTraces(t.Context(), samplertest.TracesOf(t, samplertest.Span{ID: samplertest.HighID})))
		began := time.Now()
		require.NoError(t, h.Traces.Shutdown(context.Background()))
		assert.Equal(t, 5*time.Second, time.Since(began))
		assert.Equal(t, map[string]int64{"kept _none global": 2}, h.Counts("spans"))
		assert.Empty(t, h.Counts("undelivered_spans"), "the calls have not returned")
		close(next)
		synctest.Wait()
		assert.Equal(t, map[string]int64{"": 2}, h.Counts("undelivered_spans"))
	})
}
