// SPDX-License-Identifier: Apache-2.0

package labels_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestInternalMetricsCountABoundedNumberOfNamespaces(t *testing.T) { // C9
	s := samplertest.Start(t, map[string]any{
		"namespaces": map[string]any{"configured": 1},
		"telemetry":  map[string]any{"max_namespaces": 3},
	})
	named := func(name string) samplertest.Span {
		return samplertest.Span{Attributes: map[string]any{"namespace": name}}
	}
	var spans []samplertest.Span
	for i := range 10 {
		spans = append(spans, named(fmt.Sprintf("new-%d", i)))
	}
	spans = append(spans, named("configured"), named("configured"), samplertest.Span{})
	s.ConsumeTraces(samplertest.TracesOf(t, spans...))
	assert.Equal(t, map[string]int64{
		"kept new-0 global": 1, "kept new-1 global": 1, "kept _other global": 8,
		"kept configured exact": 2, "kept _none global": 1,
	}, s.Counts("spans"))
}
