// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// vectorA is a trace ID with R = ce929d0e0e4736.
const vectorA = "4bf92f3577b34da6a3ce929d0e0e4736"

// dropped stands for the tracestate of a span that should be dropped.
const dropped = "dropped"

// vectors are spans with a tracestate or near a threshold, and the expected tracestate at each rate.
var vectors = []struct {
	name, trace, in, rate, out string
}{
	{"kept at 0.5", vectorA, "", "0.5", "ot=th:8"},
	{"dropped at 0.1", vectorA, "", "0.1", dropped},
	{"a third, rounded", vectorA, "", "0.3333333333333333", "ot=th:aaab"},
	{"randomness equals the threshold", "ffc0000000000000", "", "0.25", "ot=th:c"},
	{"randomness just below the threshold", "ffbfffffffffffff", "", "0.25", dropped},
	{"more digits near 1", "fd70a000000000", "", "0.01", "ot=th:fd70a"},
	{"and one less is too little", "fd709fffffffff", "", "0.01", dropped},
	{"an rv counts, not the trace ID", vectorA, "ot=rv:00000000000000", "0.25", dropped},
	{"an rv keeps what the trace ID would not", "1", "ot=rv:ffffffffffffff", "0.25", "ot=rv:ffffffffffffff;th:c"},
	{"sampled harder before", vectorA, "ot=th:c", "0.5", "ot=th:c"},
	{"sampled less before", vectorA, "ot=th:8", "0.25", "ot=th:c"},
	{"ot moves to the left", vectorA, "congo=t61,ot=th:8,rojo=00f0", "0.25", "ot=th:c,congo=t61,rojo=00f0"},
	{
		"other sub-members stay", vectorA, "ot=th:8;rv:ce929d0e0e4736;xx:1,congo=t61,rojo=00f0", "0.25",
		"ot=rv:ce929d0e0e4736;th:c;xx:1,congo=t61,rojo=00f0",
	},
	{"no trace ID but an rv", "0", "ot=rv:ffffffffffffff", "0.5", "ot=rv:ffffffffffffff;th:8"},
	{"malformed at rate 1", vectorA, "x:y", "1", "x:y"},
	{"malformed at rate 0", vectorA, "x:y", "0", dropped},
	{"a threshold that cannot be true", vectorA, "ot=th:f", "0.5", ""},
	{"a malformed threshold", vectorA, "ot=th:zz,congo=t61", "0.5", "ot=th:zz,congo=t61"},
	{"32 members at rate 1", vectorA, memberList(32), "1", memberList(32)},
	{"32 members leave no place", vectorA, memberList(32), "0.5", memberList(32)},
	{"a duplicate ot", vectorA, "ot=th:c,ot=th:0", "0.5", "ot=th:c,ot=th:0"},
	{ // nothing but the ot is there twice; the rv would drop it
		"a duplicate ot of different sub-members", vectorA, "ot=rv:00000000000000,ot=p:1", "0.25", "ot=rv:00000000000000,ot=p:1",
	},
	{"an ot that is full", vectorA, "ot=x:" + strings.Repeat("a", 250), "0.3", "ot=x:" + strings.Repeat("a", 250)},
	{"nothing is written at rate 1", vectorA, "", "1", ""},
	{"a key that begins with a digit", vectorA, "1vendor=5", "0.5", "ot=th:8,1vendor=5"},
	{"no trace ID at rate 1", "0", "", "1", ""},
}

func memberList(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = "k" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "=v"
	}
	return strings.Join(members, ",")
}

func TestIncomingTracestates(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: `
sample_rate: 0
tracing: {sampler: trace_id_ratio} # many vectors have the same trace ID
namespaces: {"0.5": 0.5, "0.25": 0.25, "0.3": 0.3, "0.1": 0.1, "0.01": 0.01, "0.3333333333333333": 0.3333333333333333, "1": 1, "0": 0}
`})
	client := harness.NewClient(t, collector)
	var spans []span
	for _, v := range vectors {
		spans = append(spans, newSpan(trace(t, v.trace), v.in, attrs{"namespace": v.rate}))
	}
	client.Traces(traces(t, nil, nil, spans...))

	got := outcomesOf(sink.Spans())
	for i, v := range vectors {
		state, kept := got[spans[i].id]
		if !kept {
			state = dropped
		}
		assert.Equal(t, v.out, state, "%s: %q at %s", v.name, v.in, v.rate)
	}
	faults := collector.Scrape()
	assert.EqualValues(t, 4, faults.Sum(harness.Prefix+"tracestate_faults", harness.Labels{"fault": "malformed"}))
	assert.EqualValues(t, 1, faults.Sum(harness.Prefix+"tracestate_faults", harness.Labels{"fault": "inconsistent"}))
	assert.EqualValues(t, 2, faults.Sum(harness.Prefix+"tracestate_faults", harness.Labels{"fault": "limit"}))
}

func TestProportionalModeSamplesIncomingSpansAtTheRate(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	client := harness.NewClient(t, harness.Start(t, harness.Options{
		Sink: sink, Processor: "{sample_rate: 0.5, tracing: {mode: proportional}}",
	}))
	half := newSpan(trace(t, vectorA), "ot=th:8", nil)
	quarter := newSpan(trace(t, vectorA), "ot=th:c", nil) // an effective rate of 1/8: th:e, above its randomness
	fresh := newSpan(trace(t, vectorA), "", nil)
	client.Traces(traces(t, nil, nil, half, quarter, fresh))
	assert.Equal(t, outcomes{half.id: "ot=th:c", fresh.id: "ot=th:8"}, outcomesOf(sink.Spans()))
}
