// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// An earlier sampler has overruled the group of a remembered trace. Its group comes late, and is that of all its spans, also where spans of
// another trace are between them.
func TestAnOverruledGroupThatComesLateIsCountedForAllSpansOfTheBatch(t *testing.T) { // G3, G4
	of := func(attributes map[string]any) samplertest.Span {
		return samplertest.Span{ID: samplertest.HighID, Attributes: attributes}
	}
	sampled, grouped, bare := of(named("orders")), of(map[string]any{groupAttribute: "order-10"}), of(nil)
	sampled.Tracestate = "ot=rv:ffffffffffffff"
	other := samplertest.Span{ID: samplertest.LowID, Attributes: named("orders")}
	for name, batch := range map[string][]samplertest.Span{
		"next to each other": {grouped, bare, other},
		"apart":              {grouped, other, bare},
		"the group last":     {bare, other, grouped},
	} {
		t.Run(name, func(t *testing.T) {
			h := samplertest.Start(t, map[string]any{"consistent_by": []any{groupAttribute}, "sample_rate": 0.5})
			require.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, sampled)), 1)
			require.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, batch...)), 2)
			assert.EqualValues(t, 2, h.Counts("tracestate_faults")["group_overruled"])
		})
	}
}
