// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"math"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/assert"
)

// The definition of docs/adr/002 once more, over plain Go values and written from that page alone.

func defJoin(h, x uint64) uint64 {
	k := h ^ (x + 0x9e3779b97f4a7c15)
	k ^= k >> 33
	k *= 0xff51afd7ed558ccd
	k ^= k >> 33
	k *= 0xc4ceb9fe1a85ec53
	return k ^ k>>33
}

func defValue(v any) uint64 {
	switch v := v.(type) {
	case nil:
		return defJoin(0, 0)
	case string:
		return defJoin(1, xxhash.Sum64String(v))
	case int64:
		return defJoin(2, uint64(v))
	case float64:
		return defJoin(3, math.Float64bits(v))
	case bool:
		return defJoin(4, map[bool]uint64{true: 1}[v])
	case map[string]any:
		return defJoin(5, defAttributes(v))
	case []any:
		h := defJoin(6, uint64(len(v)))
		for _, element := range v {
			h = defJoin(h, defValue(element))
		}
		return h
	case []byte:
		return defJoin(7, xxhash.Sum64(v))
	}
	panic("not an attribute value")
}

func defAttributes(m map[string]any) (sum uint64) {
	for key, v := range m {
		if key == "namespace" && (v == "" || v == "unknown") {
			continue
		}
		sum += defJoin(xxhash.Sum64String(key), defValue(v))
	}
	return sum
}

func defIdentity(s series) Series {
	h := defJoin(0, defAttributes(s.resource))
	h = defJoin(h, xxhash.Sum64String(s.scopeName))
	h = defJoin(h, xxhash.Sum64String(s.scopeVersion))
	h = defJoin(h, defAttributes(s.scope))
	h = defJoin(h, xxhash.Sum64String(s.metric.Name))
	h = defJoin(h, uint64(s.metric.Type))
	h = defJoin(h, xxhash.Sum64String(s.metric.Unit))
	h = defJoin(h, uint64(s.metric.Temporality))
	h = defJoin(h, map[bool]uint64{true: 1}[s.metric.Monotonic])
	return Series(defJoin(h, defAttributes(s.point)))
}

// TestIdentitiesFollowTheDefinition and are, for ever, these numbers.
func TestIdentitiesFollowTheDefinition(t *testing.T) {
	for _, tt := range []struct {
		name   string
		point  map[string]any
		pinned Series
	}{
		{"no attributes", nil, 0xf9cc0cdc7b6c9591},
		{"a string", map[string]any{"k": "v"}, 0xbd414bf371448eb5},
		{"an empty string", map[string]any{"k": ""}, 0x702966081a3eaa1f},
		{"a negative int", map[string]any{"k": int64(-1)}, 0x0ac923f03329dead},
		{"the least int", map[string]any{"k": int64(math.MinInt64)}, 0x6a7b95c2fa580321},
		{"a double", map[string]any{"k": 1.5}, 0xe082a0925f51c423},
		{"a bool", map[string]any{"yes": true, "no": false}, 0xef56b9fbd2dd0bb8},
		{"an empty value", map[string]any{"k": nil}, 0xd2ce19b62c23ac16},
		{"bytes", map[string]any{"k": []byte{0, 1, 255}}, 0x2baead0e5a5b93e5},
		{"bytes longer than 64", map[string]any{"k": make([]byte, 65)}, 0x00a68ec2d0dbd409},
		{"bytes of several pieces", map[string]any{"k": make([]byte, 129)}, 0x81a955551f26d6e4},
		{"a slice", map[string]any{"k": []any{"a", int64(1), []any{}}}, 0x10b00a930fdbd2f8},
		{"a map in a map in a slice", map[string]any{"k": []any{map[string]any{"a": map[string]any{"b": nil, "c": 1.}}}}, 0x106ef2ff0c3de561},
		{"a missing namespace", map[string]any{"namespace": "unknown", "k": "v"}, 0xbd414bf371448eb5},
		{"a namespace", map[string]any{"namespace": "payments", "k": "v"}, 0x85153727fd7d6588},
		{"a missing namespace within a value", map[string]any{"k": map[string]any{"namespace": "unknown"}}, 0xba880991b2d0b206},
		{"no namespace within a value", map[string]any{"k": map[string]any{}}, 0xba880991b2d0b206},
		{"a missing namespace within a slice", map[string]any{"k": []any{map[string]any{"namespace": ""}}}, 0x2a93f2486fbd1457},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sample()
			s.point = tt.point
			assert.Equal(t, defIdentity(s), s.identity(t), "not as defined")
			assert.Equal(t, tt.pinned, s.identity(t), "pinned %#x", uint64(s.identity(t)))
		})
	}
}

func TestRandomnessIsTheUpper56Bits(t *testing.T) {
	assert.Equal(t, uint64(0x123456789abcde), Series(0x123456789abcdef0).Randomness().Unsigned())
	assert.Equal(t, uint64(0xffffffffffffff), Series(math.MaxUint64).Randomness().Unsigned())
	assert.Equal(t, uint64(0), Series(0xff).Randomness().Unsigned())
}
