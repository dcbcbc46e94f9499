// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNamespacesInMetricsAreBoundedAndConfiguredOnesHaveAPlace(t *testing.T) { // C9
	h := start(t, map[string]any{
		"namespaces": map[string]any{"configured": 1},
		"telemetry":  map[string]any{"max_namespaces": 3},
	})
	named := func(name string) span { return span{attributes: map[string]any{"namespace": name}} }
	var spans []span
	for i := range 10 {
		spans = append(spans, named(fmt.Sprintf("new-%d", i)))
	}
	spans = append(spans, named("configured"), named("configured"), span{})
	h.consumeTraces(tracesOf(t, spans...))
	assert.Equal(t, map[string]int64{
		"kept new-0 global": 1, "kept new-1 global": 1, "kept _other global": 8,
		"kept configured exact": 2, "kept _none global": 1,
	}, h.counts("spans"))
}

func TestNamesThatAreShownAlikeShareALabel(t *testing.T) {
	l := newLabels(1)
	long := strings.Repeat("a", 500)
	assert.Same(t, l.of(long+"1"), l.of(long+"2"), "names that are cut to the same value share it")
}

func TestATallyForgetsNamesBeforeTheyGrowWithoutEnd(t *testing.T) {
	rt := benchRuntime(t, nil)
	tally := newTally(spanItems, rt.labels)
	tally.goBy(rt.rates.inForce().spans)
	for i := range 10 {
		tally.slot(strings.Repeat("x", maxTallyBytes/4)+fmt.Sprint(i)).count(ruleGlobal, true)
		tally.report(t.Context(), rt.telemetry.ProcessorNamespaceSamplerSpans, rt.telemetry.ProcessorNamespaceSamplerTracestateFaults)
	}
	assert.LessOrEqual(t, len(tally.slots), 4)
}
