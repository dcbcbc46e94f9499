// SPDX-License-Identifier: Apache-2.0

package points

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
)

// identity computes the identities of series from the outside in (M3): the parts of resource, scope and metric are hashed once
// for all their points.
type identity struct {
	hasher   decision.SeriesHasher
	isNeeded bool // some rate decides by it

	resource, scope, metric decision.Series
}

func (h *identity) enterResource(resource pcommon.Resource) {
	if h.isNeeded {
		h.resource = h.hasher.Resource(resource.Attributes())
	}
}

func (h *identity) enterScope(scope pcommon.InstrumentationScope) {
	if h.isNeeded {
		h.scope = h.hasher.Scope(h.resource, scope.Name(), scope.Version(), scope.Attributes())
	}
}

func (h *identity) enterMetric(m pmetric.Metric) {
	if !h.isNeeded {
		return
	}
	temporality, _ := temporalityOf(m)
	h.metric = h.hasher.Metric(h.scope, decision.Metric{
		Name:        m.Name(),
		Unit:        m.Unit(),
		Type:        int(m.Type()),
		Temporality: int(temporality),
		Monotonic:   m.Type() == pmetric.MetricTypeSum && m.Sum().IsMonotonic(),
	})
}

func (h *identity) enterPoint(p *point, attributes pcommon.Map) {
	if h.isNeeded {
		p.attributes = h.hasher.Attributes(attributes)
		p.series = h.hasher.PointOf(h.metric, p.attributes)
	}
}
