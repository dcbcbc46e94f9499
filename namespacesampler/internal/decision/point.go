// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// KeepSeries decides all points of a series alike (M2).
func KeepSeries(s Series, r *rate.Rate) bool { return r.Threshold.ShouldSample(s.Randomness()) }

// KeepGroup decides all items of a group alike (G5).
func KeepGroup(g group.Group, r *rate.Rate) bool {
	return r.GroupThreshold.ShouldSample(g.Randomness())
}

// DrawPoint decides a point independently of the others of its series (M6).
func DrawPoint(r *rate.Rate) bool { return r.IsAlways() || draw(r) }

// KeepsTrace reports whether spans of a trace of a group are kept at a rate if they arrive unsampled, which is all that an exemplar tells
// about its trace (M11).
func KeepsTrace(id pcommon.TraceID, g group.Group, r *rate.Rate) bool {
	if g.Decides() {
		return KeepGroup(g, r)
	}
	return r.Threshold.ShouldSample(sampling.TraceIDToRandomness(id))
}
