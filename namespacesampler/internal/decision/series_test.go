// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

var hasher = SeriesHasher{IsMissing: func(key string, v pcommon.Value) bool {
	return key == "namespace" && (v.AsString() == "" || v.AsString() == "unknown")
}}

// series is a series as a test says it.
type series struct {
	resource, scope, point  map[string]any
	scopeName, scopeVersion string
	metric                  Metric
}

func attributesOf(t testing.TB, raw map[string]any) pcommon.Map {
	t.Helper()
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(raw))
	return m
}

func (s series) identity(t testing.TB) Series {
	t.Helper()
	x := hasher.Resource(attributesOf(t, s.resource))
	x = hasher.Scope(x, s.scopeName, s.scopeVersion, attributesOf(t, s.scope))
	x = hasher.Metric(x, s.metric)
	return hasher.Point(x, attributesOf(t, s.point))
}

func sample() series {
	return series{
		resource:     map[string]any{"service.name": "worker"},
		scope:        map[string]any{"tier": "1"},
		point:        map[string]any{"correlation_id": "0198f000-0000-7000-8000-000000000001", "n": 1},
		scopeName:    "tasker",
		scopeVersion: "1.0",
		metric:       Metric{Name: "tasker.steps", Unit: "1", Type: 2, Temporality: 2, Monotonic: true},
	}
}

// TestIdentitiesAreThoseOfEveryOtherCollector pins ADR 002: other numbers mean other kept sets.
func TestIdentitiesAreThoseOfEveryOtherCollector(t *testing.T) { // M3
	assert.Equal(t, Series(0x308aba5b9f2f5bcf), series{}.identity(t))
	assert.Equal(t, Series(0x7faf45038aa12ec5), sample().identity(t))
	all := sample()
	all.point = map[string]any{
		"str": "a", "int": int64(-1), "double": 1.5, "bool": true, "bytes": []byte{1, 2}, "empty": nil,
		"map": map[string]any{"a": "b"}, "slice": []any{"a", int64(1)},
	}
	assert.Equal(t, Series(0x19c3c1617967a269), all.identity(t))

	// The first, from the page of the ADR.
	j := func(h, x uint64) uint64 {
		x = h ^ (x + 0x9e3779b97f4a7c15)
		x = (x ^ x>>33) * 0xff51afd7ed558ccd
		x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
		return x ^ x>>33
	}
	none := xxhash.Sum64String("")
	h := j(0, 0)                                           // resource
	h = j(j(j(h, none), none), 0)                          // scope
	h = j(j(j(j(j(h, none), 0), none), 0), 0)              // metric
	assert.Equal(t, Series(j(h, 0)), series{}.identity(t)) // point
}

func TestWhatChangesTheIdentityOfASeries(t *testing.T) { // M3
	base := sample().identity(t)
	for name, change := range map[string]func(*series){
		"resource attribute": func(s *series) { s.resource["service.name"] = "other" },
		"scope name":         func(s *series) { s.scopeName = "other" },
		"scope version":      func(s *series) { s.scopeVersion = "1.1" },
		"scope attribute":    func(s *series) { s.scope["tier"] = "2" },
		"metric name":        func(s *series) { s.metric.Name = "other" },
		"unit":               func(s *series) { s.metric.Unit = "ms" },
		"type":               func(s *series) { s.metric.Type = 1 },
		"temporality":        func(s *series) { s.metric.Temporality = 1 },
		"monotonicity":       func(s *series) { s.metric.Monotonic = false },
		"point attribute":    func(s *series) { s.point["n"] = 2 },
		"one more attribute": func(s *series) { s.point["m"] = 1 },
		"one attribute less": func(s *series) { delete(s.point, "n") },
		"int as double":      func(s *series) { s.point["n"] = 1.0 },
		"int as string":      func(s *series) { s.point["n"] = "1" },
		"a real namespace":   func(s *series) { s.point["namespace"] = "orders" },
		"moved to the scope": func(s *series) { delete(s.point, "n"); s.scope["n"] = 1 },
		"name and unit swap": func(s *series) { s.metric.Name, s.metric.Unit = s.metric.Unit, s.metric.Name },
	} {
		s := sample()
		change(&s)
		assert.NotEqual(t, base, s.identity(t), name)
	}
	for _, missing := range []string{"", "unknown"} { // M4
		s := sample()
		s.point["namespace"], s.scope["namespace"], s.resource["namespace"] = missing, missing, missing
		assert.Equal(t, base, s.identity(t), "a missing value is as none")
	}
}

func TestOrderOfAttributesDoesNotMatterAndLengthsDo(t *testing.T) { // M3
	forth, back := pcommon.NewMap(), pcommon.NewMap()
	for i := range 10 {
		forth.PutStr(fmt.Sprint(i), "v")
		back.PutStr(fmt.Sprint(9-i), "v")
	}
	nested := func(keys ...string) pcommon.Map {
		m := pcommon.NewMap()
		inner := m.PutEmptyMap("map")
		for _, key := range keys {
			inner.PutStr(key, "v")
		}
		return m
	}
	assert.Equal(t, hasher.Point(1, forth), hasher.Point(1, back))
	assert.Equal(t, hasher.Point(1, nested("a", "b")), hasher.Point(1, nested("b", "a")))
	identity := func(raw map[string]any) Series { return hasher.Point(1, attributesOf(t, raw)) }
	assert.NotEqual(t, identity(map[string]any{"ab": "c"}), identity(map[string]any{"a": "bc"}))
	assert.NotEqual(t, identity(map[string]any{"a": "b", "c": "d"}), identity(map[string]any{"a": "d", "c": "b"}))
	assert.NotEqual(t, identity(map[string]any{"s": []any{"a", "b"}}), identity(map[string]any{"s": []any{"b", "a"}}))
	assert.NotEqual(t, identity(map[string]any{"s": []any{}}), identity(map[string]any{"s": map[string]any{}}))
	assert.NotEqual(t, identity(map[string]any{"s": nil}), identity(map[string]any{}))
}

func TestLongBytesAreHashedAsAWhole(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 1000} {
		v := pcommon.NewValueBytes()
		v.Bytes().FromRaw([]byte(strings.Repeat("x", n)))
		assert.Equal(t, xxhash.Sum64String(strings.Repeat("x", n)), blob(v.Bytes()))
	}
}

// TestRandomnessIsUniform counts series in 256 equal parts of the randomness. The bound is the 99.99 % quantile of chi-square
// at 255 degrees of freedom; the input is fixed, so it holds always or never.
func TestRandomnessIsUniform(t *testing.T) { // M3
	for name, value := range map[string]func(i int) string{
		"counting": func(i int) string { return fmt.Sprint(i) },
		"UUIDv7":   func(i int) string { return fmt.Sprintf("0198f000-%04x-7000-8000-%012x", i>>12, i) },
	} {
		const n, parts = 100_000, 256
		var counts [parts]float64
		point := pcommon.NewMap()
		for i := range n {
			point.PutStr("correlation_id", value(i))
			counts[hasher.Point(1, point).Randomness().Unsigned()>>48]++
		}
		chi := 0.0
		for _, c := range counts {
			chi += (c - n/parts) * (c - n/parts) / (n / parts)
		}
		assert.Less(t, chi, 347.0, name)
		assert.Greater(t, chi, 180.0, "%s: more even than chance", name)
	}
}

func BenchmarkSeriesPoint(b *testing.B) {
	point := attributesOf(b, map[string]any{
		"correlation_id": "0198f000-0000-7000-8000-000000000001", "namespace": "payments", "step_name": "validate", "n": 1,
		"result": "ok", "worker": "worker-17", "region": "eu-central-1", "ratio": 0.5,
	})
	b.ReportAllocs()
	for b.Loop() {
		hasher.Point(1, point)
	}
}

// BenchmarkSeriesBytesOnce is the yardstick of BenchmarkSeriesPoint: the same bytes, hashed once in a row.
func BenchmarkSeriesBytesOnce(b *testing.B) {
	row := "correlation_id0198f000-0000-7000-8000-000000000001namespacepaymentsstep_namevalidaten12345678" +
		"resultokworkerworker-17regioneu-central-1ratio12345678"
	for b.Loop() {
		xxhash.Sum64String(row)
	}
}

func BenchmarkDecide(b *testing.B) {
	id := traceID(b, idA)
	for name, v := range map[string]struct {
		in   string
		rate float64
	}{
		"kept": {"", 0.5}, "dropped": {"", 0.1}, "stamped over ot": {"congo=t61,ot=th:8,rojo=00f0", 0.25},
		"untouched": {"congo=t61,ot=th:c,rojo=00f0", 0.5}, "malformed": {"ot=th:zz,congo=t61", 0.5},
	} {
		b.Run(name, func(b *testing.B) {
			r := mustRate(b, v.rate, 4)
			b.ReportAllocs()
			for b.Loop() {
				equalizing.Decide(id, v.in, r)
			}
		})
	}
}
