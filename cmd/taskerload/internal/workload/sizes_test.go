// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestTheSameSeedMakesTheSameLoad(t *testing.T) {
	t.Parallel()
	digest := func(seed uint64) string {
		h := sha256.New()
		tasks := NewTasks(seed, 500)
		for request := range wholeTraces(newTraces(tasks, seed, 5000, testStart)) {
			b, err := new(ptrace.ProtoMarshaler).MarshalTraces(request)
			require.NoError(t, err)
			h.Write(b)
		}
		for request := range PointRequests(tasks, Sizes{Seed: seed, Series: 700, DataPoints: 1400}, testStart) {
			b, err := new(pmetric.ProtoMarshaler).MarshalMetrics(request)
			require.NoError(t, err)
			h.Write(b)
		}
		h.Write(fmt.Append(nil, tasks))
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	assert.Equal(t, digest(1), digest(1))
	assert.NotEqual(t, digest(1), digest(2))
}

func TestTheLoadHasExactlyTheSizesAskedFor(t *testing.T) {
	t.Parallel()
	tasks := NewTasks(1, 300)
	for _, n := range []int{0, 1, 7, 999, 1000, 1001, 12_345} {
		spans, points := 0, 0
		for request := range wholeTraces(newTraces(tasks, 1, n, testStart)) {
			spans += request.SpanCount()
			assert.LessOrEqual(t, request.SpanCount(), spansPerRequest+spansPerTrace)
		}
		for request := range PointRequests(tasks, Sizes{Seed: 1, Series: 400, DataPoints: n}, testStart) {
			points += request.DataPointCount()
			assert.LessOrEqual(t, request.DataPointCount(), pointsPerRequest)
		}
		assert.Equal(t, n, spans)
		assert.Equal(t, n, points)
	}
	for _, n := range []int{1, 10, 250, 2400} {
		assert.Len(t, newSeries(tasks, 1, n), n)
	}
}
