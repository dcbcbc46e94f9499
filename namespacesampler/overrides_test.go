// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestItemsAreSampledAndCountedByPatterns(t *testing.T) {
	s := samplertest.Start(t, map[string]any{
		"sample_rate": 0,
		"namespaces":  map[string]any{"rust_*": 1, "rust_quiet": 0},
		"tracing":     map[string]any{"sampler": "trace_id_ratio"},
	})
	named := func(name string) samplertest.Span {
		return samplertest.Span{Attributes: map[string]any{"namespace": name}}
	}
	out := s.ConsumeTraces(samplertest.TracesOf(t, named("rust_a"), named("rust_quiet"), named("rust_*"), named("ruby")))
	assert.Len(t, out, 2)
	assert.Equal(t, map[string]int64{
		"kept rust_a pattern": 1, "dropped rust_quiet exact": 1, "kept rust_* exact": 1, "dropped ruby global": 1,
	}, s.Counts("spans"))
}

func TestTooManyPatternsAreRefused(t *testing.T) {
	var overrides namespacesampler.Overrides
	for i := range rate.MaxPatterns + 1 {
		overrides = append(overrides, namespacesampler.Override{Name: fmt.Sprintf("a%d*", i), SampleRate: new(0.0)})
	}
	cfg := defaults()
	cfg.Namespaces = overrides
	require.ErrorContains(t, confmap.Validate(cfg), "namespaces: must have at most 1000 patterns, got 1001")
	cfg.Namespaces = overrides[1:]
	require.NoError(t, confmap.Validate(cfg))
}

func TestOverridesExpireAtATimeWithAZone(t *testing.T) {
	end, err := (&namespacesampler.Override{Until: "2026-12-01T09:00:00+09:00"}).End()
	require.NoError(t, err)
	assert.True(t, end.Equal(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)))
	_, err = (&namespacesampler.Override{Until: "2026-12-01T09:00:00"}).End()
	require.EqualError(t, err, `until must be a time with its zone, such as 2026-12-01T00:00:00Z, got "2026-12-01T09:00:00"`)
}
