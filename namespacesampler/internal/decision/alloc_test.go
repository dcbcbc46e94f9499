// SPDX-License-Identifier: Apache-2.0

//go:build !race

package decision

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestDecidingAllocatesOnlyForANewTracestate(t *testing.T) {
	id := traceID(t, idA)
	for _, v := range vectors {
		if v.mode == Proportional {
			continue // the digits of its threshold are new for every span
		}
		r := mustRate(t, v.rate, max(v.precision, 4))
		most := 0.0
		switch {
		case v.fault == Malformed:
			most = 2 // for the error that says that the digits are none
		case v.out != v.in && v.in != "":
			most = 1
		}
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { equalizing.Decide(id, v.in, r) }), most, "vector %d", v.number)
	}
}

func TestComparingSubKeysAllocatesNothing(t *testing.T) {
	id, half := traceID(t, idA), mustRate(t, 0.5, 4)
	stamped, malformed := "ot="+manySubKeys, "ot="+manySubKeys+";"+manySubKeys[:2]
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { equalizing.Decide(id, stamped, half) }), 1.0, "the new tracestate")
	assert.Zero(t, testing.AllocsPerRun(100, func() { equalizing.Decide(id, malformed, half) }))
}

func TestHashingASeriesAllocatesNothing(t *testing.T) {
	point := attributesOf(t, map[string]any{
		"str": "a", "int": int64(-1), "double": 1.5, "bool": true, "bytes": make([]byte, 100), "empty": nil,
		"map": map[string]any{"a": "b"}, "slice": []any{"a", int64(1)},
	})
	resource, scope := attributesOf(t, sample().resource), attributesOf(t, sample().scope)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		x := hasher.Scope(hasher.Resource(resource), "tasker", "1.0", scope)
		hasher.Point(hasher.Metric(x, sample().metric), point)
	}))
}

func TestRescalingAllocatesNothing(t *testing.T) {
	buckets := pcommon.NewUInt64Slice()
	buckets.Append(1, 2, 3)
	r := mustRate(t, 0.999, 14)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		x := NewRescaler(r)
		x.Counts(buckets)
		_, _, _ = x.Int(7), x.Double(1.5), DrawPoint(r)
	}))
}
