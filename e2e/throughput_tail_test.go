// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

const (
	// tailSpansPerSecond is the rate of arrival. The memory of tail_sampling is proportional to it, and to decisionWait.
	tailSpansPerSecond = 50_000
	// decisionWait is a third of the default of tail_sampling, and the value of its documentation's example.
	decisionWait = 10 * time.Second
	// tailTolerance is how far the kept share may be from the rates. tail_sampling hashes trace IDs with a salt.
	tailTolerance = 0.01
)

// tailRates are the sampling rates of the twelve namespaces of the load, by number.
var tailRates = []float64{0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01}

// tailSetups do the same job: they keep whole traces at a rate for each namespace.
var tailSetups = []setup{
	{name: "namespace_sampler", Options: harness.Options{Processor: namespaceRates()}},
	{name: "tail_sampling", Options: harness.Options{Type: "tail_sampling", Processor: tailPolicies()}},
}

func namespaceRates() string {
	var yaml strings.Builder
	fmt.Fprintln(&yaml, "namespaces:")
	for i, rate := range tailRates {
		fmt.Fprintf(&yaml, "  %s: %v\n", throughputNamespace(i), rate)
	}
	return yaml.String()
}

// tailPolicies returns a policy for each namespace. sample_on_first_match spares tail_sampling the policies after the one that
// keeps a trace. num_traces is the default, 50,000; half as many arrive in decisionWait.
func tailPolicies() string {
	var yaml strings.Builder
	fmt.Fprintf(&yaml, "decision_wait: %v\nsample_on_first_match: true\npolicies:\n", decisionWait)
	for i, rate := range tailRates {
		name := throughputNamespace(i)
		fmt.Fprintf(&yaml, `- name: %s
  type: and
  and:
    and_sub_policy:
    - {name: namespace, type: string_attribute, string_attribute: {key: namespace, values: [%s]}}
    - {name: rate, type: probabilistic, probabilistic: {sampling_percentage: %v}}
`, name, name, 100*rate)
	}
	return yaml.String()
}

// BenchmarkTailSampling measures a collector with namespace_sampler and one with tail_sampling that do the same job, at the same
// rate of arrival. Spans carry their namespace, because tail_sampling cannot look it up. The warm-up is longer than decisionWait,
// so that as many traces are decided during the measurement as arrive.
func BenchmarkTailSampling(b *testing.B) {
	for _, s := range tailSetups {
		b.Run("with="+s.name, s.measureWaiting)
	}
}

func (s *setup) measureWaiting(b *testing.B) {
	const rounds = 2
	run := startRun(b, s.Options, prepareRequests(b, named))
	run.every = spansOfRequest * time.Second / tailSpansPerSecond
	roundTakes := loadRequests * run.every
	run.send(b, int(decisionWait/roundTakes)+1)

	run.measure(b, rounds)

	tooEarly := run.collector.Scrape().Sum("otelcol_processor_tail_sampling_sampling_trace_dropped_too_early", nil)
	require.Zero(b, tooEarly, "traces that tail_sampling had no room for")
	run.collector.Stop() // tail_sampling decides what it still holds
	kept := float64(run.sink.Spans()) / float64(run.sent)
	require.InDelta(b, mean(tailRates), kept, tailTolerance, "share of the spans that came out")
}

func mean(values []float64) (mean float64) {
	for _, value := range values {
		mean += value / float64(len(values))
	}
	return mean
}
