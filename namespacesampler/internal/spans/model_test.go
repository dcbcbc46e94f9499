// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// TestWholeTracesAgreeWithTheRules runs random scenarios of batches and waits, in two pipelines of one configuration, and compares what
// becomes of each span with the model: whether and when it leaves, by which pipeline, with what tracestate, namespace, resource, scope and
// client, and how it is counted.
func TestWholeTracesAgreeWithTheRules(t *testing.T) { // T16, T18, T19, T20, G1, G3, G4, G6
	for seed := range uint64(200) {
		bytes := make(choices, 600)
		source := rand.New(rand.NewPCG(seed, 16))
		for i := range bytes {
			bytes[i] = byte(source.Uint32())
		}
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) { play(t, bytes) }) {
			return
		}
	}
}

// FuzzWholeTraces is TestWholeTracesAgreeWithTheRules for any scenario.
func FuzzWholeTraces(f *testing.F) {
	f.Add([]byte{})
	for seed := range uint64(20) {
		bytes := make([]byte, 200)
		source := rand.New(rand.NewPCG(seed, 17))
		for i := range bytes {
			bytes[i] = byte(source.Uint32())
		}
		f.Add(bytes)
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		if len(bytes) <= 2000 {
			play(t, bytes)
		}
	})
}

var errRefused = errors.New("refused")

// witness is what follows a pipeline: it notes what leaves it.
type witness struct {
	pipeline int
	stage    *stage
}

func (*witness) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (w *witness) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	s := w.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	from := modelOrigin{pipeline: w.pipeline}
	if tenant := client.FromContext(ctx).Metadata.Get("tenant"); len(tenant) > 0 {
		from.client = int(tenant[0][0] - '0')
	}
	if td.SpanCount() == 0 {
		s.faults = append(s.faults, "a call without spans")
	}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				raw := span.Attributes().AsRaw()
				d := departure{origin: from, at: time.Since(s.began), state: span.TraceState().AsRaw()}
				d.namespace, _ = raw["namespace"].(string)
				d.resource = surroundingsOf(rs, ss)
				n := int(raw["n"].(int64))
				if _, ok := s.departures[n]; ok {
					s.faults = append(s.faults, fmt.Sprintf("span %d left twice", n))
				}
				s.departures[n] = d
			}
		}
	}
	if s.refuses {
		return errRefused
	}
	return nil
}

// surround sets the resource and the scope of spans to those of a number, and surroundingsOf returns the number, or -1.
func surround(n int, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans) {
	rs.SetSchemaUrl(fmt.Sprintf("resource %d", n))
	rs.Resource().Attributes().PutInt("resource", int64(n))
	rs.Resource().SetDroppedAttributesCount(uint32(n))
	ss.SetSchemaUrl(fmt.Sprintf("scope %d", n))
	ss.Scope().SetName(fmt.Sprintf("library %d", n))
	ss.Scope().SetVersion(fmt.Sprint(n))
	ss.Scope().Attributes().PutInt("scope", int64(n))
	surroundWithGroups(n, rs, ss)
}

func surroundingsOf(rs ptrace.ResourceSpans, ss ptrace.ScopeSpans) int {
	for n := range groupedSurroundings {
		want := ptrace.NewResourceSpans()
		scope := want.ScopeSpans().AppendEmpty()
		surround(n, want, scope)
		if want.SchemaUrl() == rs.SchemaUrl() && scope.SchemaUrl() == ss.SchemaUrl() &&
			assert.ObjectsAreEqual(want.Resource(), rs.Resource()) && assert.ObjectsAreEqual(scope.Scope(), ss.Scope()) {
			return n
		}
	}
	return -1
}

// stage runs a scenario.
type stage struct {
	t         *testing.T
	model     *model
	sampler   *samplertest.Sampler
	pipelines []processor.Traces
	began     time.Time
	sent      int

	mu         sync.Mutex
	departures map[int]departure
	faults     []string
	refuses    bool
}

// play plays the scenario of some bytes.
func play(t *testing.T, bytes []byte) {
	t.Helper()
	c := choices(bytes)
	settings := c.settings()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, model: newModel(settings), began: time.Now()}
		s.sampler, s.pipelines = samplertest.StartPipelines(t, settings.yaml(), &witness{0, s}, &witness{1, s})
		for step := 0; len(c) > 0; step++ {
			s.step(fmt.Sprintf("step %d", step), &c)
		}
		s.model.refuses = false
		for len(s.pipelines) > 0 {
			s.stop("the last stop")
		}
	})
}

// step does one of the things that can happen.
func (s *stage) step(name string, c *choices) {
	s.model.refuses = c.of(8) == 7
	switch what := c.of(32); {
	case what == 31 && len(s.pipelines) > 1:
		s.stop(name + ": stop")
	case what > 22:
		d := []time.Duration{time.Second, 1, time.Second - 1, 2 * time.Second, 3 * time.Second, 3*time.Second + 1}[c.of(6)]
		s.begin()
		s.model.pass(d)
		time.Sleep(d)
		s.compare(name + ": wait " + d.String())
	default:
		s.send(name, modelOrigin{pipeline: c.of(len(s.pipelines)), client: c.of(3)}, c.spans(s.sent, &s.model.modelSettings))
	}
}

// stop stops the last pipeline.
func (s *stage) stop(name string) {
	last := len(s.pipelines) - 1
	s.begin()
	s.model.stop(last)
	require.NoError(s.t, s.pipelines[last].Shutdown(s.t.Context()), name)
	s.pipelines = s.pipelines[:last]
	s.compare(name)
}

// send sends a batch.
func (s *stage) send(name string, from modelOrigin, spans []modelSpan) {
	s.sent += len(spans)
	ctx := s.t.Context()
	if from.client > 0 {
		ctx = client.NewContext(ctx, client.Info{Metadata: client.NewMetadata(map[string][]string{"tenant": {fmt.Sprint(from.client)}})})
	}
	s.begin()
	err := s.pipelines[from.pipeline].ConsumeTraces(ctx, modelBatch(spans))
	s.model.batch(from, spans, errors.Is(err, errRefused)) // it is not if all that could leave was dropped by chance
	s.compare(name, from, spans)
	ownLeft := false
	for _, span := range spans {
		if _, ok := s.departures[span.n]; ok {
			ownLeft = true
		}
	}
	switch {
	case !s.model.refuses:
		require.NoError(s.t, err, name)
	case ownLeft && s.model.early == 0:
		require.ErrorIs(s.t, err, errRefused, name)
	}
}

func modelBatch(spans []modelSpan) ptrace.Traces {
	td := ptrace.NewTraces()
	var out ptrace.SpanSlice
	for i, s := range spans {
		if i == 0 || s.resource != spans[i-1].resource {
			rs := td.ResourceSpans().AppendEmpty()
			ss := rs.ScopeSpans().AppendEmpty()
			surround(s.resource, rs, ss)
			out = ss.Spans()
		}
		span := out.AppendEmpty()
		span.SetTraceID(s.trace)
		span.SetSpanID([8]byte{1, byte(s.n >> 16), byte(s.n >> 8), byte(s.n)})
		if !s.isRoot {
			span.SetParentSpanID([8]byte{2})
		}
		if s.failed {
			span.Status().SetCode(ptrace.StatusCodeError)
		}
		if s.isInternal {
			span.SetKind(ptrace.SpanKindInternal)
		}
		if s.alwaysKept {
			span.Attributes().PutBool("keep", true)
		}
		if s.priority >= 0 {
			span.Attributes().PutInt("sampling.priority", int64(s.priority))
		}
		if s.namespace != "" {
			span.Attributes().PutStr("namespace", s.namespace)
		}
		putGroup(span.Attributes(), s.group)
		span.Attributes().PutInt("n", int64(s.n))
		span.TraceState().FromRaw(s.state.raw())
	}
	return td
}

func (s *stage) begin() {
	s.model.begin()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.departures, s.faults, s.refuses = map[int]departure{}, nil, s.model.refuses
}

// compare compares what a step did with the model.
func (s *stage) compare(step string, of ...any) {
	s.t.Helper()
	synctest.Wait()
	m := s.model
	for n, counters := range m.drawn { // the model follows what was drawn
		if _, ok := s.departures[n]; ok {
			m.counts[counters.kept]++
			continue
		}
		m.counts[counters.dropped]++
		delete(m.departures, n)
	}
	context := []any{step + "\n%+v\n%+v", of, m.modelSettings}
	require.Empty(s.t, s.faults, context...)
	require.Equal(s.t, m.departures, s.departures, context...)
	got := s.sampler.AllCounts()
	require.Equal(s.t, m.counts, got["spans"], context...)
	for counter, want := range map[string]int64{
		"set_aside_spans": m.setAside, "early_released_traces": m.early, "undelivered_spans": m.lost, "forgotten_traces": m.forgotten,
	} {
		require.Equal(s.t, want, got[counter][""], append([]any{counter + " of " + step + "\n%+v\n%+v"}, context[1:]...)...)
	}
	require.Equal(s.t, m.overruled, got["tracestate_faults"]["group_overruled"], context...)
	require.Equal(s.t, m.ungrouped, got["ungrouped_items"]["traces"], context...)
	if m.wait > 0 {
		require.EqualValues(s.t, m.spansHeld(), got["held_spans"][""], context...)
	}
}
