// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

func attributesOf(t *testing.T, raw map[string]any) pcommon.Map {
	t.Helper()
	attributes := pcommon.NewMap()
	require.NoError(t, attributes.FromRaw(raw))
	return attributes
}

func TestTheBuildingBlocksAreThoseOfTheirDefinitions(t *testing.T) {
	t.Parallel()
	assert.Equal(t, uint64(0xef46db3751d8e999), text(""), "XXH64 of nothing, seed 0")
	assert.Equal(t, uint64(0x44bc2cf5ad770999), text("abc"), "XXH64 of abc, seed 0")
	assert.Equal(t, uint64(0), mix(0))
	assert.Equal(t, uint64(0xb456bcfc34c2cb2c), mix(1), "MurmurHash3's fmix64 of 1")
	assert.NotEqual(t, join(1, 2), join(2, 1))
}

func TestIdentityIgnoresTheOrderOfAttributes(t *testing.T) {
	t.Parallel()
	id := identity{}
	one, other := pcommon.NewMap(), pcommon.NewMap()
	one.PutStr("a", "1")
	one.PutInt("b", 2)
	other.PutInt("b", 2)
	other.PutStr("a", "1")
	assert.Equal(t, id.attributes(one), id.attributes(other))
}

func TestIdentityTellsApartWhatLooksAlike(t *testing.T) {
	t.Parallel()
	id := identity{missingValues: []string{"", "unknown"}}
	seen := map[uint64]map[string]any{}
	for _, raw := range []map[string]any{
		m("ab", "c"), m("a", "bc"), m("a", "1"), m("a", 1), m("a", 1.0), m("a", true), m("a", false), m("a", []any{"1"}),
		m("a", []byte("1")), m("a", map[string]any{"1": ""}), m("a", nil), m("a", ""), m("namespace", "payments"), m(),
	} {
		h := id.attributes(attributesOf(t, raw))
		require.Nil(t, seen[h], "%v", raw)
		seen[h] = raw
	}
}

func TestAMissingNamespaceAndNoneAreOneSeries(t *testing.T) {
	t.Parallel()
	id := identity{missingValues: []string{"", "unknown"}}
	none := id.attributes(attributesOf(t, m("a", "1")))
	assert.Equal(t, none, id.attributes(attributesOf(t, m("a", "1", "namespace", "unknown"))))
	assert.Equal(t, none, id.attributes(attributesOf(t, m("a", "1", "namespace", ""))))
	assert.NotEqual(t, none, id.attributes(attributesOf(t, m("a", "1", "namespace", "payments"))))
	assert.NotEqual(t, none, id.attributes(attributesOf(t, m("a", "1", "namespace", 0))))
}

func TestEveryPartOfAMetricCountsButItsDescription(t *testing.T) {
	t.Parallel()
	id := identity{}
	identify := func(change func(pcommon.Resource, pcommon.InstrumentationScope, pmetric.Metric)) uint64 {
		resource, scope, metric := pcommon.NewResource(), pcommon.NewInstrumentationScope(), pmetric.NewMetric()
		metric.SetName("n")
		metric.SetEmptySum()
		change(resource, scope, metric)
		return id.metric(resource, scope, metric)
	}
	same := identify(func(pcommon.Resource, pcommon.InstrumentationScope, pmetric.Metric) {})
	assert.Equal(t, same, identify(func(_ pcommon.Resource, _ pcommon.InstrumentationScope, x pmetric.Metric) {
		x.SetDescription("d")
	}))
	for name, change := range map[string]func(pcommon.Resource, pcommon.InstrumentationScope, pmetric.Metric){
		"resource": func(r pcommon.Resource, _ pcommon.InstrumentationScope, _ pmetric.Metric) {
			r.Attributes().PutStr("a", "")
		},
		"scope name": func(_ pcommon.Resource, s pcommon.InstrumentationScope, _ pmetric.Metric) { s.SetName("s") },
		"version":    func(_ pcommon.Resource, s pcommon.InstrumentationScope, _ pmetric.Metric) { s.SetVersion("s") },
		"scope": func(_ pcommon.Resource, s pcommon.InstrumentationScope, _ pmetric.Metric) {
			s.Attributes().PutStr("a", "")
		},
		"name": func(_ pcommon.Resource, _ pcommon.InstrumentationScope, x pmetric.Metric) { x.SetName("x") },
		"unit": func(_ pcommon.Resource, _ pcommon.InstrumentationScope, x pmetric.Metric) { x.SetUnit("ms") },
		"type": func(_ pcommon.Resource, _ pcommon.InstrumentationScope, x pmetric.Metric) { x.SetEmptyGauge() },
		"monotonic": func(_ pcommon.Resource, _ pcommon.InstrumentationScope, x pmetric.Metric) {
			x.Sum().SetIsMonotonic(true)
		},
		"temporality": func(_ pcommon.Resource, _ pcommon.InstrumentationScope, x pmetric.Metric) {
			x.Sum().SetAggregationTemporality(1)
		},
	} {
		assert.NotEqual(t, same, identify(change), name)
	}
}
