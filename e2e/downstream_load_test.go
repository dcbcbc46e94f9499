// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// downstreamRates are the rates that components are tried with behind the processor. Each has a namespace.
var downstreamRates = []float64{1, 0.5, 0.3, 0.1, 0.01}

const (
	// downstreamTraces is the number of traces of each namespace: a request of one service, and its answer by another one.
	downstreamTraces = 20_000
	spansOfExchange  = 2
	// failingOf1000 is the number of failing traces among 1,000.
	failingOf1000     = 78
	downstreamRequest = 500 // traces
)

func downstreamNamespace(rate float64) string { return fmt.Sprintf("rate %v", rate) }

// spreadTrace is a trace of the load. The randomness of the traces of a namespace is spread evenly, and so are failing traces among them: what
// a table shows is how a component counts, not the luck of the draw.
type spreadTrace struct {
	id      pcommon.TraceID
	rate    float64
	failing bool
}

// spreadTraces returns the load in a random order that is the same in each run.
func spreadTraces() (all []spreadTrace) {
	r := random()
	for _, rate := range downstreamRates {
		for i := range uint64(downstreamTraces) {
			id := randomTrace(r)
			binary.BigEndian.PutUint64(id[8:], uint64(id[8])<<56|(2*i+1)*(sampling.MaxAdjustedCount/(2*downstreamTraces)))
			all = append(all, spreadTrace{id: id, rate: rate, failing: i*failingOf1000%1000 < failingOf1000})
		}
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// sendSpread sends traces: the request of a shop, and its answer by a warehouse. Both of their spans fail in a failing trace.
func sendSpread(b *testing.B, client *harness.Client, all []spreadTrace) {
	b.Helper()
	for ; len(all) > 0; all = all[downstreamRequest:] {
		td := ptrace.NewTraces()
		var services [spansOfExchange]ptrace.SpanSlice
		for i, name := range [spansOfExchange]string{"shop", "warehouse"} {
			rs := td.ResourceSpans().AppendEmpty()
			rs.Resource().Attributes().PutStr("service.name", name)
			services[i] = rs.ScopeSpans().AppendEmpty().Spans()
		}
		for _, trace := range all[:downstreamRequest] {
			var parent pcommon.SpanID
			for i, kind := range [spansOfExchange]ptrace.SpanKind{ptrace.SpanKindClient, ptrace.SpanKindServer} {
				s := services[i].AppendEmpty()
				s.SetTraceID(trace.id)
				s.SetSpanID(newSpan(trace.id, "", nil).id)
				s.SetParentSpanID(parent)
				parent = s.SpanID()
				s.SetName("GET /stock")
				s.SetKind(kind)
				s.SetStartTimestamp(1)
				s.SetEndTimestamp(1_000_001)
				s.Attributes().PutStr("namespace", downstreamNamespace(trace.rate))
				s.Attributes().PutBool("failed", trace.failing)
				if trace.failing {
					s.Status().SetCode(ptrace.StatusCodeError)
				}
			}
		}
		client.Traces(td)
	}
}

// counts are what a component makes of a namespace, each relative to what was sent.
type counts struct{ passed, failed float64 }

// failing returns the share of what failed in what the component counts.
func (c counts) failing() float64 {
	const sent = failingOf1000 / 1000.0
	return c.failed * sent / (c.failed*sent + c.passed*(1-sent))
}

// all returns the sum of what the component counts, relative to what was sent.
func (c counts) all() float64 {
	const sent = failingOf1000 / 1000.0
	return c.failed*sent + c.passed*(1-sent)
}

// reading is what a component makes of each namespace.
type reading map[string]counts

// add adds what was counted, in a load with so many spans or requests a trace.
func (r reading) add(namespace string, failed bool, n float64, ofTrace int) {
	c, sent := r[namespace], float64(downstreamTraces*ofTrace)
	if failed {
		c.failed += n / (sent * failingOf1000 / 1000)
	} else {
		c.passed += n / (sent * (1000 - failingOf1000) / 1000)
	}
	r[namespace] = c
}

// adjustedCounts reads spans as the specification says: each stands for the inverse of its probability. It also returns the share of spans
// whose threshold their randomness contradicts.
func adjustedCounts(b *testing.B, spans []harness.Span) (all reading, contradicted float64) {
	b.Helper()
	all = reading{}
	for _, s := range spans {
		namespace, _ := s.Attributes().Get("namespace")
		failed, _ := s.Attributes().Get("failed")
		threshold, isTrue := thresholdOf(b, s)
		all.add(namespace.Str(), failed.Bool(), threshold.AdjustedCount(), spansOfExchange)
		if !isTrue {
			contradicted += 1 / float64(len(spans))
		}
	}
	return all, contradicted
}

// thresholdOf returns the threshold of a span, that of probability 1 if it has none, and whether its randomness passes it.
func thresholdOf(b *testing.B, s harness.Span) (threshold sampling.Threshold, isTrue bool) {
	b.Helper()
	state, err := sampling.NewW3CTraceState(s.TraceState().AsRaw())
	require.NoError(b, err)
	threshold, _ = state.OTelValue().TValueThreshold()
	randomness, ok := state.OTelValue().RValueRandomness()
	if !ok {
		randomness = sampling.TraceIDToRandomness(s.TraceID())
	}
	return threshold, threshold.ShouldSample(randomness)
}

// markdown returns a table of readings in percent.
func markdown(title string, lines []downstreamLine, of func(counts) float64) string {
	var out strings.Builder
	fmt.Fprintf(&out, "\n| %s |", title)
	for _, rate := range downstreamRates {
		fmt.Fprintf(&out, " %v |", rate)
	}
	out.WriteString("\n| --- |" + strings.Repeat(" --- |", len(downstreamRates)) + "\n")
	for _, line := range lines {
		fmt.Fprintf(&out, "| %s |", line.component)
		for _, rate := range downstreamRates {
			fmt.Fprintf(&out, " %.1f %% |", 100*of(line.reading[downstreamNamespace(rate)]))
		}
		out.WriteString("\n")
	}
	return out.String()
}
