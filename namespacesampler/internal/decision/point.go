// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// KeepSeries decides the points of a series: all alike (M2).
func KeepSeries(s Series, r *rate.Rate) bool { return r.Threshold.ShouldSample(s.Randomness()) }

// DrawPoint decides a point by itself, whatever became of others of its series (M6).
func DrawPoint(r *rate.Rate) bool { return r.IsAlways() || draw(r) }

// KeepsTrace reports whether spans of a trace are kept that arrive unsampled at a rate: what an exemplar can know of the trace
// that it points at (M11).
func KeepsTrace(id pcommon.TraceID, r *rate.Rate) bool {
	return r.Threshold.ShouldSample(sampling.TraceIDToRandomness(id))
}
