// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// asked is a question, and its answer in words.
type asked struct{ name, question, want string }

const (
	traceID = "4bf92f3577b34da6a3fe929d0e0e4736"
	lowID   = "00000000000000000000000000000001"
	zeroID  = "00000000000000000000000000000000"
)

// assertAnswers starts a processor that has sampled spans, and asks it.
func assertAnswers(t *testing.T, settings map[string]any, spans []samplertest.Span, questions ...asked) {
	t.Helper()
	h, at := samplertest.StartInspected(t, settings)
	for _, span := range spans {
		h.ConsumeTraces(samplertest.TracesOf(t, span))
	}
	for _, tt := range questions {
		t.Run(tt.name, func(t *testing.T) {
			question, err := url.ParseQuery(strings.ReplaceAll(tt.question, ";", "%3B"))
			require.NoError(t, err)
			assert.Equal(t, tt.want, samplertest.GetJSON[inspect.Explanation](t, at+"/explain?"+question.Encode()).Text)
		})
	}
}

func TestTheRateInWords(t *testing.T) {
	assertAnswers(
		t, map[string]any{
			"namespaces": map[string]any{
				"pay*": 0.1, "payroll": 1, "silent": 0, "bad *": 0.5, "": 0.75, "almost": 0.99999999,
				"soon": map[string]any{"sample_rate": 0.5, "until": "2126-11-29T12:00:00Z"},
			},
			"sample_rate": 0.25,
			"tracing":     map[string]any{"namespaces": map[string]any{"orders": 0.5, "ord*": 0.125}},
			"logs":        map[string]any{"sample_rate": 1e-9},
		}, nil,
		asked{
			"a pattern", "namespace=payments",
			`Of spans of payments, 10 % are kept. Their rate is 10 %: pattern pay*, an override for all signals; no override names payments itself.`,
		},
		asked{
			"a pattern of the signal", "namespace=ordinary",
			`Of spans of ordinary, 12.5 % are kept. Their rate is 12.5 %: pattern ord*, an override for spans alone; no override names ordinary itself.`,
		},
		asked{
			"a pattern, kept", "namespace=payments&trace_id=" + traceID,
			`A span of payments with this trace ID is kept. Its rate is 10 %: pattern pay*, an override for all signals; no override names payments itself. At 10 %, what has a randomness of e6660000000000 or more is kept; that of the trace ID is fe929d0e0e4736.`,
		},
		asked{
			"a pattern, dropped", "namespace=payments&trace_id=" + lowID,
			`A span of payments with this trace ID is dropped. Its rate is 10 %: pattern pay*, an override for all signals; no override names payments itself. At 10 %, what has a randomness of e6660000000000 or more is kept; that of the trace ID is 00000000000001.`,
		},
		asked{
			"an override", "namespace=soon&trace_id=" + traceID,
			`A span of soon with this trace ID is kept. Its rate is 50 % until 2126-11-29T12:00:00Z: the override of soon for all signals. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is fe929d0e0e4736.`,
		},
		asked{
			"an override of the signal", "namespace=orders",
			`Of spans of orders, 50 % are kept. Their rate is 50 %: the override of orders for spans alone.`,
		},
		asked{
			"all", "namespace=payroll",
			`Of spans of payroll, all are kept. Their rate is 100 %: the override of payroll for all signals.`,
		},
		asked{
			"kept at rate 1", "namespace=payroll&trace_id=" + traceID,
			`A span of payroll with this trace ID is kept. Its rate is 100 %: the override of payroll for all signals.`,
		},
		asked{
			"nearly all", "namespace=almost",
			`Of spans of almost, nearly 100 % are kept. Their rate is nearly 100 %: the override of almost for all signals.`,
		},
		asked{
			"none", "namespace=silent",
			`Of spans of silent, none are kept. Their rate is 0 %: the override of silent for all signals.`,
		},
		asked{
			"dropped at rate 0", "namespace=silent&trace_id=" + traceID,
			`A span of silent with this trace ID is dropped. Its rate is 0 %: the override of silent for all signals.`,
		},
		asked{
			"the global rate", "namespace=other",
			`Of spans of other, 25 % are kept. Their rate is 25 %: the global rate, as no override matches other.`,
		},
		asked{
			"the global rate of the signal", "namespace=other&signal=logs",
			`Of log records of other, 1e-7 % are kept. Their rate is 1e-7 %: the global rate of log records, as no override matches other.`,
		},
		asked{
			"no namespace", "trace_id=" + traceID,
			`A span with this trace ID and no namespace is kept. Its rate is 75 %: the override of items without a namespace for all signals. At 75 %, what has a randomness of 40000000000000 or more is kept; that of the trace ID is fe929d0e0e4736.`,
		},
		asked{
			"a missing value", "namespace=unknown",
			`Of spans with no namespace, 75 % are kept. unknown counts as no namespace. Their rate is 75 %: the override of items without a namespace for all signals.`,
		},
		asked{
			"a name that is quoted", "namespace=bad name. It is kept",
			`Of spans of "bad name. It is kept", 50 % are kept. Their rate is 50 %: pattern "bad *", an override for all signals; no override names "bad name. It is kept" itself.`,
		},
		asked{
			"a name that is cut", "namespace=" + strings.Repeat("x", 1025),
			`Of spans of xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, 25 % are kept. Their rate is 25 %: the global rate, as no override matches xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.`,
		},
		asked{
			"a series", "namespace=payments&signal=metrics",
			`Of metric series of payments, 10 % are kept: all data points of a series, or none. Their rate is 10 %: pattern pay*, an override for all signals; no override names payments itself.`,
		},
		asked{
			"series without a namespace", "signal=metrics",
			`Of metric series with no namespace, 75 % are kept: all data points of a series, or none. Their rate is 75 %: the override of items without a namespace for all signals. Data points without a namespace and without a lookup attribute are always kept.`,
		},
	)
	assertAnswers(
		t, map[string]any{"namespaces": map[string]any{"pay*": 0.1}, "sample_rate": 0.5},
		nil,
		asked{
			"a pattern where no name could have come before", "namespace=payments",
			`Of spans of payments, 10 % are kept. Their rate is 10 %: pattern pay*, an override for all signals.`,
		},
		asked{
			"no override at all", "",
			`Of spans with no namespace, 50 % are kept. Their rate is 50 %: the global rate, as no override matches items without a namespace.`,
		},
	)
}

func TestEarlierSamplingInWords(t *testing.T) {
	settings := func(mode string) map[string]any {
		return map[string]any{"namespaces": map[string]any{"all": 1, "none": 0}, "sample_rate": 0.5, "tracing": map[string]any{"mode": mode}}
	}
	const question = "namespace=orders&trace_id=" + traceID
	assertAnswers(
		t, settings("equalizing"), nil,
		asked{
			"no trace ID", "namespace=orders&trace_id=" + zeroID,
			`Of spans of orders with no trace ID, 50 % are kept: each is drawn at random. Their rate is 50 %: the global rate, as no override matches orders.`,
		},
		asked{
			"no trace ID at rate 1", "namespace=all&trace_id=" + zeroID,
			`A span of all with no trace ID is kept. Its rate is 100 %: the override of all for all signals.`,
		},
		asked{
			"no trace ID at rate 0", "namespace=none&trace_id=" + zeroID,
			`A span of none with no trace ID is dropped. Its rate is 0 %: the override of none for all signals.`,
		},
		asked{
			"a trace ID without randomness", "namespace=orders&trace_id=00000000000000010000000000000000",
			`A span of orders with this trace ID is dropped. Its rate is 50 %: the global rate, as no override matches orders. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is 00000000000000. The trace ID has no randomness, as its last seven bytes are zero: every rate below 100 % drops it.`,
		},
		asked{
			"rv", question + "&tracestate=ot=rv:00000000000001",
			`A span of orders with this trace ID and this tracestate is dropped. Its rate is 50 %: the global rate, as no override matches orders. At 50 %, what has a randomness of 80000000000000 or more is kept; that of its tracestate is 00000000000001.`,
		},
		asked{
			"a malformed tracestate", question + "&tracestate=nothing",
			`A span of orders with this trace ID and this tracestate is kept. Its rate is 50 %: the global rate, as no override matches orders. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is fe929d0e0e4736. The tracestate cannot be parsed: it is ignored, and left as it is.`,
		},
		asked{
			"a false threshold", question + "&tracestate=ot=th:ffffff",
			`A span of orders with this trace ID and this tracestate is kept. Its rate is 50 %: the global rate, as no override matches orders. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is fe929d0e0e4736. The threshold in the tracestate cannot be true, as the randomness is below it: the rate alone decides.`,
		},
		asked{
			"no room for the threshold", question + "&tracestate=ot=x:" + strings.Repeat("a", 252),
			`A span of orders with this trace ID and this tracestate is kept. Its rate is 50 %: the global rate, as no override matches orders. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is fe929d0e0e4736. The tracestate has no room for the threshold, so that it is left as it is.`,
		},
		asked{
			"sampled at less", question + "&tracestate=ot=th:c",
			`A span of orders with this trace ID and this tracestate is kept. Its rate is 50 %: the global rate, as no override matches orders. An earlier sampler has kept 25 % already: no more are dropped. At 25 %, what has a randomness of c0000000000000 or more is kept; that of the trace ID is fe929d0e0e4736.`,
		},
		asked{
			"sampled at the rate", question + "&tracestate=ot=th:8",
			`A span of orders with this trace ID and this tracestate is kept. Its rate is 50 %: the global rate, as no override matches orders. An earlier sampler has kept 50 % already: no more are dropped. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is fe929d0e0e4736.`,
		},
		asked{
			"sampled at more", question + "&tracestate=ot=th:4",
			`A span of orders with this trace ID and this tracestate is kept. Its rate is 50 %: the global rate, as no override matches orders. An earlier sampler has kept 75 %, and this one brings that down to 50 %. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is fe929d0e0e4736.`,
		},
		asked{
			"sampled, at rate 1", "namespace=all&trace_id=" + traceID + "&tracestate=ot=th:4",
			`A span of all with this trace ID and this tracestate is kept. Its rate is 100 %: the override of all for all signals.`,
		},
		asked{
			"sampled, at rate 0", "namespace=none&trace_id=" + traceID + "&tracestate=ot=th:4",
			`A span of none with this trace ID and this tracestate is dropped. Its rate is 0 %: the override of none for all signals.`,
		},
	)
	assertAnswers(
		t, settings("proportional"), nil,
		asked{
			"proportional", question + "&tracestate=ot=th:4",
			`A span of orders with this trace ID and this tracestate is kept. Its rate is 50 %: the global rate, as no override matches orders. An earlier sampler has kept 75 %, of which 50 % are kept: 37.5 % of all. At 37.5 %, what has a randomness of a0000000000000 or more is kept; that of the trace ID is fe929d0e0e4736.`,
		},
		asked{
			"proportional, dropped", question + "&tracestate=ot=th:fe",
			`A span of orders with this trace ID and this tracestate is dropped. Its rate is 50 %: the global rate, as no override matches orders. An earlier sampler has kept 0.78125 %, of which 50 % are kept: 0.390625 % of all. At 0.390625 %, what has a randomness of ff000000000000 or more is kept; that of the trace ID is fe929d0e0e4736.`,
		},
		asked{
			"proportional, not sampled before", question,
			`A span of orders with this trace ID is kept. Its rate is 50 %: the global rate, as no override matches orders. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is fe929d0e0e4736.`,
		},
		asked{
			"proportional, too little", "namespace=orders&trace_id=" + samplertest.HighID.String() + "&tracestate=ot=th:ffffffffffffff",
			`A span of orders with this trace ID and this tracestate is dropped. Its rate is 50 %: the global rate, as no override matches orders. An earlier sampler has kept 1.38778e-15 %, of which 50 % are kept: 6.93889e-16 % of all, which is too little to be expressed, so that nothing is kept.`,
		},
	)
}

func TestWhatIsNotConsideredInWords(t *testing.T) {
	assertAnswers(
		t, map[string]any{
			"namespaces": map[string]any{"half": 0.5, "none": 0}, "sample_rate": 1,
			"tracing": map[string]any{
				"always_keep": []any{"span.status.code == STATUS_CODE_ERROR"}, "always_keep_traces": []any{`span.name == "x"`}, "honor_priority": true,
			},
			"spans":    map[string]any{"internal": map[string]any{"match": []any{`span.name == "y"`}}},
			"logs":     map[string]any{"always_keep": []any{"true"}},
			"metrics":  map[string]any{"detailed": map[string]any{"match": []any{`metric.name == "z"`}, "enabled": false}},
			"postgres": map[string]any{"dsn": "postgres://localhost:1/none", "on_failure": "drop"},
			"dry_run":  true,
		}, nil,
		asked{
			"spans", "namespace=half",
			`Of spans of half, 50 % are kept. Their rate is 50 %: the override of half for all signals. Conditions in tracing::always_keep or tracing::always_keep_traces can keep them nevertheless. Conditions in spans::internal::match can drop them nevertheless. The attribute sampling.priority can keep or drop them nevertheless. As dry_run is set, nothing is really dropped or changed.`,
		},
		asked{
			"a span that is kept", "namespace=half&trace_id=" + traceID,
			`A span of half with this trace ID is kept. Its rate is 50 %: the override of half for all signals. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is fe929d0e0e4736. Conditions in spans::internal::match can drop it nevertheless. The attribute sampling.priority can drop it nevertheless. As dry_run is set, nothing is really dropped or changed.`,
		},
		asked{
			"a span that is dropped", "namespace=half&trace_id=" + lowID,
			`A span of half with this trace ID is dropped. Its rate is 50 %: the override of half for all signals. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is 00000000000001. Conditions in tracing::always_keep or tracing::always_keep_traces can keep it nevertheless. The attribute sampling.priority can keep it nevertheless. As dry_run is set, nothing is really dropped or changed.`,
		},
		asked{
			"a span without a namespace", "trace_id=" + traceID,
			`A span with this trace ID and no namespace is kept. Its rate is 100 %: the global rate, as no override matches items without a namespace. Conditions in spans::internal::match can drop it nevertheless. The attribute sampling.priority can drop it nevertheless. If there is no namespace because Postgres cannot be asked, postgres::on_failure drops it. As dry_run is set, nothing is really dropped or changed.`,
		},
		asked{
			"records", "namespace=half&signal=logs",
			`Of log records of half, 50 % are kept. Their rate is 50 %: the override of half for all signals. Conditions in logs::always_keep or tracing::always_keep_traces can keep them nevertheless. As dry_run is set, nothing is really dropped or changed.`,
		},
		asked{
			"records at rate 1", "namespace=other&signal=logs",
			`Of log records of other, all are kept. Their rate is 100 %: the global rate, as no override matches other. As dry_run is set, nothing is really dropped or changed.`,
		},
		asked{
			"series", "namespace=half&signal=metrics",
			`Of metric series of half, 50 % are kept: all data points of a series, or none. Their rate is 50 %: the override of half for all signals. Data points of metrics that no condition in metrics::detailed::match matches are always kept. As dry_run is set, nothing is really dropped or changed.`,
		},
		asked{
			"series that are not detailed", "namespace=other&signal=metrics",
			`Of data points of other, none are kept. Their rate is 0 %: metrics::detailed::enabled is false, and no override matches other. Data points of metrics that no condition in metrics::detailed::match matches are always kept. As dry_run is set, nothing is really dropped or changed.`,
		},
		asked{
			"series without a namespace", "signal=metrics",
			`Of data points with no namespace, none are kept. Their rate is 0 %: metrics::detailed::enabled is false, and no override matches items without a namespace. Data points without a namespace and without a lookup attribute, and those of metrics that no condition in metrics::detailed::match matches, are always kept. As dry_run is set, nothing is really dropped or changed.`,
		},
	)
	assertAnswers(
		t, map[string]any{
			"sample_rate": 0.5, "tracing": map[string]any{"honor_priority": true}, "logs": map[string]any{"always_keep": []any{"true"}},
			"postgres": map[string]any{"dsn": "postgres://localhost:1/none", "on_failure": "keep"},
		}, nil,
		asked{
			"one thing that can keep and drop", "namespace=half",
			`Of spans of half, 50 % are kept. Their rate is 50 %: the global rate, as no override matches half. The attribute sampling.priority can keep or drop them nevertheless.`,
		},
		asked{
			"a record without a namespace that is dropped", "signal=logs&trace_id=" + lowID,
			`A log record with this trace ID and no namespace is dropped. Its rate is 50 %: the global rate, as no override matches items without a namespace. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is 00000000000001. Conditions in logs::always_keep can keep it nevertheless. If there is no namespace because Postgres cannot be asked, postgres::on_failure keeps it.`,
		},
		asked{
			"a record without a namespace that is kept", "signal=logs&trace_id=" + traceID,
			`A log record with this trace ID and no namespace is kept. Its rate is 50 %: the global rate, as no override matches items without a namespace. At 50 %, what has a randomness of 80000000000000 or more is kept; that of the trace ID is fe929d0e0e4736.`,
		},
	)
	assertAnswers(
		t, map[string]any{"tracing": map[string]any{"enabled": false}, "metrics": map[string]any{"enabled": false}, "logs": map[string]any{"enabled": false}}, nil,
		asked{
			"disabled spans", "trace_id=" + traceID,
			`All spans are dropped, as tracing::enabled is false: rates have no effect.`,
		},
		asked{
			"disabled data points", "signal=metrics",
			`All data points are dropped, as metrics::enabled is false: rates have no effect.`,
		},
		asked{
			"disabled records", "signal=logs",
			`All log records are dropped, as logs::enabled is false: rates have no effect.`,
		},
	)
}
