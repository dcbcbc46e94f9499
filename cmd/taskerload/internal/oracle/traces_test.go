// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// UUIDs of tasks in these namespaces, and one that Postgres does not know.
const (
	inPayments  = "019e8232-b127-7bf1-998a-8a6fae25841d"
	inOrders    = "019e8232-b159-73e4-96d5-53936f09fc37"
	inAnalytics = "019e8232-b1aa-7bb8-8d2c-0c5b8e1f3a77"
	inNothing   = "019e8232-b172-7503-a989-3d8e9c562e2b"
)

// Traces that are kept by every rate in these tests, by rates from 0.5, and by rate 1 alone.
var (
	lucky   = pcommon.TraceID{15: 1, 9: 0xff, 10: 0xff, 11: 0xff}
	middle  = pcommon.TraceID{15: 2, 9: 0xc0}
	unlucky = pcommon.TraceID{15: 3}
)

// ask is a span with a namespace or a task UUID, or neither.
type ask struct {
	root, failed bool
	named, task  string
}

var bare = ask{}

func (o *Oracle) ask(t *testing.T, id pcommon.TraceID, asked ...ask) (answers []string, keys int) {
	t.Helper()
	p := o.predict(t, id, asked...)
	for i := range p.Spans {
		answers = append(answers, answer(&p.Spans[i]))
	}
	return answers, len(p.Keys)
}

func (o *Oracle) predict(t *testing.T, id pcommon.TraceID, asked ...ask) Prediction {
	t.Helper()
	request := ptrace.NewTraces()
	spans := request.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i, a := range asked {
		s := spans.AppendEmpty()
		s.SetSpanID(pcommon.SpanID{byte(i + 1)})
		s.SetTraceID(id)
		if !a.root {
			s.SetParentSpanID(pcommon.SpanID{1})
		}
		if a.failed {
			s.Status().SetCode(ptrace.StatusCodeError)
		}
		if a.named != "" {
			s.Attributes().PutStr("namespace", a.named)
		}
		if a.task != "" {
			s.Attributes().PutStr("task_uuid", a.task)
		}
	}
	p := o.Spans(request)
	require.Len(t, p.Spans, len(asked))
	return p
}

func answer(o *SpanOutcome) string {
	answer := fmt.Sprintf("%v at %v", o.Counter(), o.Rate)
	if o.Keep && o.Write != "" {
		answer += ", writes " + o.Write
	}
	if o.Held {
		answer = "held, else " + answer
	}
	return answer
}

func testOracle() *Oracle {
	return &Oracle{
		config: Config{
			SpanRates:     Rates{Global: 0.1, Exact: map[string]float64{"payments": 1, "orders": 0.5, "analytics": 0.01}},
			RatePerTrace:  true,
			Precision:     4,
			MissingValues: []string{"", "unknown"},
		},
		directory:  directory{"task_uuid": {inPayments: "payments", inOrders: "orders", inAnalytics: "analytics"}},
		remembered: map[pcommon.TraceID]memory{},
		held:       map[pcommon.TraceID][]span{},
	}
}

func TestATraceHasTheRateOfItsRootElseOfTheFirstSpanWithANamespace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		id    pcommon.TraceID
		asked []ask
		want  []string
		keys  int
	}{
		"the root, wherever it is in the request": {
			middle,
			[]ask{bare, {named: "analytics"}, {root: true, named: "orders"}, {named: "shipping"}},
			[]string{
				"orders kept by trace at 0.5", "analytics kept by trace at 0.5",
				"orders kept by exact at 0.5", "shipping kept by trace at 0.5",
			},
			0,
		},
		"a root that has to be looked up": {
			middle,
			[]ask{{named: "analytics"}, {root: true, named: "unknown", task: inOrders}},
			[]string{"analytics kept by trace at 0.5", "orders kept by exact at 0.5, writes orders"},
			1,
		},
		"not a root with an unknown key": {
			middle,
			[]ask{{root: true, task: inNothing}, {named: "orders"}, {named: "payments"}},
			[]string{"orders kept by trace at 0.5", "orders kept by exact at 0.5", "payments kept by trace at 0.5"},
			1,
		},
		"not a root without namespace and key": {
			middle,
			[]ask{{root: true}, {named: "orders"}},
			[]string{"orders kept by trace at 0.5", "orders kept by exact at 0.5"},
			0,
		},
		"without a root the first in the request, named or resolved": {
			middle,
			[]ask{bare, {task: inNothing}, {task: inOrders}, {named: "payments"}},
			[]string{
				"orders kept by trace at 0.5", "orders kept by trace at 0.5",
				"orders kept by exact at 0.5, writes orders", "payments kept by trace at 0.5",
			},
			2,
		},
		"the global rate if no span has a namespace": {
			lucky,
			[]ask{bare, {root: true, task: inNothing}},
			[]string{"_none kept by global at 0.1", "_none kept by global at 0.1"},
			1,
		},
		"a namespace without a rate of its own": {
			lucky,
			[]ask{{root: true, named: "shipping"}, bare, {named: "identity"}},
			[]string{"shipping kept by global at 0.1", "shipping kept by trace at 0.1", "identity kept by trace at 0.1"},
			0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, keys := testOracle().ask(t, test.id, test.asked...)
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.keys, keys)
		})
	}
}

func TestATraceIsRememberedOnceItHasANamespace(t *testing.T) {
	t.Parallel()
	o := testOracle()
	got, _ := o.ask(t, lucky, bare, ask{task: inNothing})
	assert.Equal(t, []string{"_none kept by global at 0.1", "_none kept by global at 0.1"}, got, "no span has a namespace")
	got, _ = o.ask(t, lucky, ask{named: "orders"}, bare)
	assert.Equal(t, []string{"orders kept by exact at 0.5", "orders kept by trace at 0.5"}, got, "and nothing was remembered")
	got, _ = o.ask(t, lucky, bare, ask{root: true, named: "analytics"})
	assert.Equal(t, []string{"orders kept by trace at 0.5", "analytics kept by trace at 0.5"}, got, "a later root changes nothing")
	got, _ = o.ask(t, middle, bare)
	assert.Equal(t, []string{"_none dropped by global at 0.1"}, got, "another trace")
}

func TestOnlyKeysThatMatterAreLookedUp(t *testing.T) {
	t.Parallel()
	root := ask{root: true, named: "unknown", task: inAnalytics}
	for name, test := range map[string]struct {
		id         pcommon.TraceID
		remembered string
		highest    float64
		asked      []ask
		want       []string
		keys       int
	}{
		"those of a trace that is kept, for the attribute": {
			lucky, "", 1,
			[]ask{{root: true, named: "analytics"}, {task: inOrders}},
			[]string{"analytics kept by exact at 0.01", "orders kept by trace at 0.01, writes orders"},
			1,
		},
		"none of a trace that is dropped by its root": {
			middle, "", 1,
			[]ask{{task: inOrders}, {root: true, named: "analytics"}, {named: "payments"}},
			[]string{"analytics dropped by trace at 0.01", "analytics dropped by exact at 0.01", "payments dropped by trace at 0.01"},
			0,
		},
		"none of a trace that is dropped by its first span": {
			middle, "", 1,
			[]ask{bare, {named: "analytics"}, {task: inOrders}},
			[]string{"analytics dropped by trace at 0.01", "analytics dropped by exact at 0.01", "analytics dropped by trace at 0.01"},
			0,
		},
		"none of a trace that is remembered and dropped": {
			middle, "analytics", 1,
			[]ask{{task: inOrders}, {root: true, named: "orders"}},
			[]string{"analytics dropped by trace at 0.01", "orders dropped by trace at 0.01"},
			0,
		},
		"all of a trace whose root has to be looked up": {
			middle, "", 1,
			[]ask{{task: inOrders}, root, {named: "orders"}, {task: inNothing}},
			[]string{
				"orders dropped by trace at 0.01", "analytics dropped by exact at 0.01",
				"orders dropped by trace at 0.01", "analytics dropped by trace at 0.01",
			},
			3,
		},
		"none of a trace that no rate keeps": {
			unlucky, "", 0.5,
			[]ask{{task: inOrders}, root, bare},
			[]string{"_none dropped by global at 0.1", "_none dropped by global at 0.1", "_none dropped by global at 0.1"},
			0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := testOracle()
			o.config.SpanRates.Exact["payments"] = test.highest
			if test.remembered != "" {
				o.remembered[test.id] = memory{namespace: test.remembered}
			}
			got, keys := o.ask(t, test.id, test.asked...)
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.keys, keys)
		})
	}
}

// If only one span of a trace can be kept, the others are looked up only if they can determine the rate of the trace.
func TestTheKeyOfASpanThatIsDroppedInAnyCaseCanMatterForItsTrace(t *testing.T) {
	t.Parallel()
	o := testOracle()
	o.config.SpanRates.Exact["payments"] = 0.5
	request := ptrace.NewTraces()
	spans := request.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	add := func(state string, attributes map[string]any) {
		s := spans.AppendEmpty()
		s.SetTraceID(unlucky)
		s.SetParentSpanID(pcommon.SpanID{1})
		s.TraceState().FromRaw(state)
		require.NoError(t, s.Attributes().FromRaw(attributes))
	}
	add("", m("task_uuid", inOrders))
	add("", m("namespace", "analytics"))
	add("", m("task_uuid", inNothing))
	add("ot=rv:ffffffffffffff", m())
	assert.Equal(t, Keys{inOrders: true}, o.Spans(request).Keys)
}

func TestTraceIDRatioDecidesEachSpanByItself(t *testing.T) {
	t.Parallel()
	o := testOracle()
	o.config.RatePerTrace = false
	got, keys := o.ask(t, middle, ask{root: true, named: "payments"}, bare, ask{task: inOrders}, ask{task: inNothing})
	assert.Equal(t, []string{
		"payments kept by exact at 1", "_none dropped by global at 0.1",
		"orders kept by exact at 0.5, writes orders", "_none dropped by global at 0.1",
	}, got)
	assert.Equal(t, 2, keys)
	got, _ = o.ask(t, middle, bare)
	assert.Equal(t, []string{"_none dropped by global at 0.1"}, got)
}

// The load must be able to show which namespace a sampler takes for a trace, the root's or the first one, and whether it
// remembers it.
func TestTheLoadDistinguishesReadingsOfParentBased(t *testing.T) {
	t.Parallel()
	config := Config{
		SpanRates: testOracle().config.SpanRates, RatePerTrace: true, Precision: 4, MissingValues: []string{"", "unknown"}, Lookups: true,
	}
	sizes := workload.Sizes{Spans: 6000, Tasks: 600, Seed: 1}
	tasks := workload.NewTasks(sizes.Seed, sizes.Tasks)
	rows := workload.Rows(tasks)
	start := time.Date(2026, time.June, 2, 12, 0, 0, 0, time.UTC)

	first, resolvedRoots := 0, 0
	for requests := range workload.SpanRounds(tasks, sizes, start) {
		for request := range requests {
			r := New(config, rows).read(request)
			for _, tr := range r.traces {
				root := r.resolutions[tr.root]
				withoutRoot := *tr
				withoutRoot.root = noRoot
				if root.named == "" && root.potential() != "" {
					resolvedRoots++
				}
				if r.namespaceOf(tr, (*resolution).potential) != r.namespaceOf(&withoutRoot, (*resolution).potential) {
					first++
				}
			}
		}
	}
	assert.Greater(t, first, 3, "traces whose first span names another namespace than the root")
	assert.Greater(t, resolvedRoots, 3)

	o, changed, unresolved := New(config, rows), 0, 0
	sizes.Cut = true
	for requests := range workload.SpanRounds(tasks, sizes, start) {
		for request := range requests {
			r := o.read(request)
			for _, tr := range r.traces {
				forgotten := *tr
				forgotten.remembered = memory{}
				if tr.remembered.namespace != "" && r.namespaceOf(&forgotten, (*resolution).potential) != tr.remembered.namespace {
					changed++
				}
				if r.namespaceOf(tr, (*resolution).potential) == "" {
					unresolved++
				}
			}
			o.Spans(request)
		}
	}
	assert.Greater(t, changed, 3, "requests that name another namespace than the remembered one")
	assert.Positive(t, unresolved, "requests without a namespace, of traces that get one later")
}
