// SPDX-License-Identifier: Apache-2.0

package points

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/remainder"
)

// This file hands the points of a batch to the remainder, and puts what it returns into the batch.

// needsIdentity reports whether the identity of a point's series is asked for: if it decides, or if the remainder must know the series. It needs not
// if the series has always been kept.
func (w *walk) needsIdentity(p *point) bool {
	it := &p.item
	switch {
	case !it.Carries:
		return false
	case w.remainder == nil:
		return !it.Group.IsKnown()
	case w.resolution.Lacks(it):
		return true
	}
	return !w.namespaces.Of(it.Namespace).Rate.IsAlways() || w.remainder.MayHaveDropped(it.Namespace)
}

// counted returns a point as the remainder takes it.
func (w *walk) counted(p *point, ns *batch.Namespace, keep bool, attributes pcommon.Map) *remainder.Item {
	isUnavailable := p.item.IsUnavailable() || w.resolution.LacksGroup(&p.item) && p.item.IsGroupUnavailable()
	w.item = remainder.Item{
		Series: p.series, Attributes: p.attributes,
		Namespace: p.item.Namespace, Writes: !keep && p.item.IsResolved() && w.lacksTarget(attributes),
		IsUnavailable: isUnavailable, IsUnsettled: isUnavailable || w.resolution.Lacks(&p.item),
		Threshold: ns.Rate.Threshold.Unsigned(), IsKept: keep, IsSteady: !p.isIdentified,
	}
	return &w.item
}

// addRemainder appends what the dropped points of the batch add up to.
func (w *walk) addRemainder(md pmetric.Metrics) {
	if w.remainder != nil {
		w.remainderPoints = w.remainder.Emit(md)
	}
}
