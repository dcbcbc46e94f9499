// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// Items without a namespace have the rate of the empty name, which no pattern matches.
func TestSpansWithoutANamespaceHaveAnOverride(t *testing.T) {
	low := func(attributes map[string]any) samplertest.Span {
		return samplertest.Span{ID: samplertest.LowID, Attributes: attributes}
	}
	for name, test := range map[string]struct {
		settings map[string]any
		spans    []samplertest.Span
		want     map[string]int64
	}{
		"kept, while all others are dropped": {
			map[string]any{"sample_rate": 0, "namespaces": map[string]any{"": 1}},
			[]samplertest.Span{low(nil)},
			map[string]int64{"kept _none exact": 1},
		},
		"dropped, while all others are kept": {
			map[string]any{"namespaces": map[string]any{"": 0}},
			[]samplertest.Span{low(named("unknown"))},
			map[string]int64{"dropped _none exact": 1},
		},
		"a pattern does not match them": {
			map[string]any{"sample_rate": 0, "namespaces": map[string]any{"*": 1}},
			[]samplertest.Span{low(nil)},
			map[string]int64{"dropped _none global": 1},
		},
		"a trace with a namespace is no trace without one": {
			map[string]any{"namespaces": map[string]any{"": 0}},
			[]samplertest.Span{low(nil), low(named("payments"))},
			map[string]int64{"kept payments trace": 1, "kept payments global": 1},
		},
		"each span by itself": {
			map[string]any{"namespaces": map[string]any{"": 0}, "tracing": map[string]any{"sampler": "trace_id_ratio"}},
			[]samplertest.Span{low(nil), low(named("payments"))},
			map[string]int64{"dropped _none exact": 1, "kept payments global": 1},
		},
		"the override for spans before the shared one": {
			map[string]any{"namespaces": map[string]any{"": 0}, "tracing": map[string]any{"namespaces": map[string]any{"": 1}}},
			[]samplertest.Span{low(nil)},
			map[string]int64{"kept _none exact": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := samplertest.Start(t, test.settings)
			s.ConsumeTraces(samplertest.TracesOf(t, test.spans...))
			assert.Equal(t, test.want, s.Counts("spans"))
		})
	}
}

// Such spans may belong to any namespace: they must not share the rate of those that belong to none.
func TestSpansThatPostgresCouldNotBeAskedAboutHaveTheGlobalRate(t *testing.T) {
	for _, sampler := range []string{"parent_based", "trace_id_ratio"} {
		t.Run(sampler, func(t *testing.T) {
			s := samplertest.Start(t, samplertest.WithPostgres("postgres://127.0.0.1:1/none", map[string]any{"wait": 0}, map[string]any{
				"sample_rate": 1, "namespaces": map[string]any{"": 0}, "tracing": map[string]any{"sampler": sampler},
			}))
			s.ConsumeTraces(samplertest.TracesOf(t,
				samplertest.Span{Attributes: map[string]any{"task_uuid": samplertest.TaskID(1)}}, samplertest.Span{}))
			assert.Equal(t, map[string]int64{"kept _none global": 1, "dropped _none exact": 1}, s.Counts("spans"))
		})
	}
}
