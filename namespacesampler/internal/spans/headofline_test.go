// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"context"
	"encoding/binary"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// stop is a place where a batch stops until it is released.
type stop struct {
	once              sync.Once
	reached, released chan struct{}
}

func newStop() *stop { return &stop{reached: make(chan struct{}), released: make(chan struct{})} }

func (s *stop) wait() {
	s.once.Do(func() { close(s.reached) })
	<-s.released
}

// Lookup implements namespace.Source. All keys belong to one namespace.
func (s *stop) Lookup(_ context.Context, keys []namespace.Key, answers []namespace.Answer) (roundTrips int, err error) {
	s.wait()
	for i := range keys {
		answers[i] = namespace.Answer{Name: "orders", Outcome: namespace.Resolved}
	}
	return 1, nil
}

// newStoppable returns a processor that stops where a condition fails, and where keys are looked up.
func newStoppable(t *testing.T, fails, lookup *stop) *Processor {
	t.Helper()
	telemetry, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	s, err := steering.New(steering.Config{Rates: steering.RatesConfig{Global: 1, Precision: 4}, Logger: zap.NewNop()})
	require.NoError(t, err)
	resolver, err := namespace.NewResolver(namespace.ResolverConfig{
		Cache: namespace.CacheConfig{MaxEntries: 10, TTL: time.Hour, NegativeTTL: time.Hour},
		Wait:  time.Hour, LoadTimeout: time.Hour, MaxLoads: 1, Breaker: namespace.BreakerConfig{Failures: 1, Cooldown: time.Hour},
	}, lookup)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, resolver.Close(context.Background())) })
	p, err := New(Config{
		Enabled: true, Memory: &tracememory.Config{MaxTraces: 100_000, TTL: time.Hour},
		AlwaysKeep: []string{`span.name == "fails" and ParseJSON(span.attributes["no JSON"])["level"] == "error"`},
	}, &batch.Common{
		Reader: namespace.NewReader(namespace.ReaderConfig{
			Attributes: []string{"namespace"}, WriteTo: "namespace", Lookups: []namespace.Lookup{{Attribute: "key", Format: namespace.FormatText}},
		}),
		Resolver: resolver, Labels: labels.New(10, nil), Telemetry: telemetry, Problems: &problems.Counts{},
		ConditionFailed: func(condition.Failure) { fails.wait() },
	}, s.Rates)
	require.NoError(t, err)
	return p
}

// firstShard is the first shard of a memory of traces: its lock, and the number of its traces.
func firstShard(m *tracememory.Memory) (lock *sync.Mutex, traces func() int) {
	s := reflect.ValueOf(m).Elem().FieldByName("shards").Index(0)
	return (*sync.Mutex)(s.FieldByName("mu").Addr().UnsafePointer()), s.FieldByName("indexes").Len
}

// waitsForAShard reports whether a goroutine waits for the lock of a shard, to recall a trace.
func waitsForAShard() bool {
	stacks := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(stack, "[sync.Mutex.Lock") && strings.Contains(stack, "tracememory.(*shard).recall") {
			return true
		}
	}
	return false
}

// tracesOutside returns n traces outside of the first shard of a memory, and one in it.
func tracesOutside(t *testing.T, n int) (outside []pcommon.TraceID, inside pcommon.TraceID) {
	t.Helper()
	m, err := tracememory.New(tracememory.Config{MaxTraces: 2 * n, TTL: time.Hour})
	require.NoError(t, err)
	_, traces := firstShard(m)
	for number := uint64(1); len(outside) < n; number++ {
		var id pcommon.TraceID
		binary.BigEndian.PutUint64(id[8:], number)
		before := traces()
		m.Remember(&id, m.Now(), tracememory.Known{Trace: &tracememory.Trace{}})
		if traces() == before {
			outside = append(outside, id)
		} else {
			inside = id
		}
	}
	return outside, inside
}

// batchOf returns a batch of one span a trace. The span of the trace in the middle has a key in place of a namespace, and fails the
// condition.
func batchOf(ids []pcommon.TraceID, middle pcommon.TraceID) ptrace.Traces {
	td := ptrace.NewTraces()
	add := func(ids []pcommon.TraceID) ptrace.ResourceSpans {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("namespace", "payments")
		spans := rs.ScopeSpans().AppendEmpty().Spans()
		spans.EnsureCapacity(len(ids))
		for i := range ids {
			spans.AppendEmpty().SetTraceID(ids[i])
		}
		return rs
	}
	add(ids[:len(ids)/2])
	rs := add([]pcommon.TraceID{middle})
	rs.Resource().Attributes().Remove("namespace")
	span := rs.ScopeSpans().At(0).Spans().At(0)
	span.SetName("fails")
	span.Attributes().PutStr("key", "order 1")
	add(ids[len(ids)/2:])
	return td
}

func single(id pcommon.TraceID) ptrace.Traces {
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(id)
	span.Attributes().PutStr("namespace", "payments")
	return td
}

// A batch of 300,000 spans stops in its middle. Batches of one span overtake it.
func TestSmallBatchesOvertakeAHugeOne(t *testing.T) {
	const huge, small = 300_000, 1_000
	ids, inside := tracesOutside(t, huge+small)
	for _, where := range []string{"while it is read", "while its traces are settled", "while its keys are looked up"} {
		t.Run(where, func(t *testing.T) {
			fails, lookup := newStop(), newStop()
			p := newStoppable(t, fails, lookup)
			lock, _ := firstShard(p.memory)
			td := batchOf(ids[:huge], inside)
			done := make(chan int, 1)
			go func() {
				out, err := p.Pipeline(nil).Process(context.Background(), td)
				assert.NoError(t, err)
				done <- out.SpanCount()
			}()

			<-fails.reached
			release := func() { close(fails.released) }
			switch where {
			case "while its traces are settled": // no batch gets past a shard that is locked
				lock.Lock()
				release()
				require.Eventually(t, waitsForAShard, time.Minute, time.Millisecond)
				release = lock.Unlock
			case "while its keys are looked up":
				release()
				<-lookup.reached
				release = func() {}
			}
			overtaken := make(chan struct{})
			go func() {
				defer close(overtaken)
				for i := range small {
					for _, id := range []pcommon.TraceID{ids[huge+i], ids[i]} { // one that is not in the huge batch, one that is
						out, err := p.Pipeline(nil).Process(context.Background(), single(id))
						assert.NoError(t, err)
						assert.Equal(t, 1, out.SpanCount())
					}
				}
			}()
			select {
			case <-overtaken:
				assert.Empty(t, done, "the huge batch has not got past its middle")
			case <-time.After(time.Minute):
				t.Error("the small batches wait for the huge one")
			}
			release()
			close(lookup.released)
			<-overtaken
			assert.Equal(t, huge+1, <-done)
		})
	}
}
