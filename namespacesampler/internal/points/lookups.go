// SPDX-License-Identifier: Apache-2.0

package points

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// lookups says which lookups a table makes needless.
type lookups struct {
	highest *rate.Rate
	// dropsSeries is true if the highest rate drops some series, whatever their namespace.
	dropsSeries bool
	// isUniform is true if the namespace makes no difference to any decision.
	isUniform bool
}

func (p *Processor) planLookups(table *rate.Table) lookups {
	highest := p.common.HighestRate(table)
	return lookups{
		highest:     highest,
		dropsSeries: !p.cfg.ByPoint && !highest.IsAlways(),
		isUniform:   table.IsUniform() && p.common.OnFailure == batch.GlobalRate && !p.cfg.SampleExemplars,
	}
}

// needsLookup reports whether the namespace or the group of a point can change a decision, an attribute of a kept point, or
// a remainder.
func (w *walk) needsLookup(p *point, attributes pcommon.Map) bool {
	if w.remainder != nil { // dropped points are added up by namespace
		return true
	}
	if w.lookups.highest.IsNever() {
		return false
	}
	if w.resolution.LacksGroup(&p.item) { // a group can have any randomness
		return p.item.Namespace == "" || w.canGroupMatter(p)
	}
	if w.lookups.dropsSeries && !p.keepsSeries(w.lookups.highest) {
		return false
	}
	return !w.lookups.isUniform || w.lacksTarget(attributes)
}

// canGroupMatter reports whether the group of a point with a namespace can change a decision.
func (w *walk) canGroupMatter(p *point) bool {
	r := w.namespaces.Of(p.item.Namespace).Rate
	return w.p.cfg.SampleExemplars || !r.IsNever() && !r.IsAlways()
}
