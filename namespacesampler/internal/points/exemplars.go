// SPDX-License-Identifier: Apache-2.0

package points

import (
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// exemplarRate returns the rate that spans with the namespace of a point are sampled at.
func (w *walk) exemplarRate(p *point) *rate.Rate {
	if decides, keep := w.p.common.OnFailure.Decides(p.item.IsUnavailable()); decides {
		if keep {
			return &rate.Always
		}
		return &rate.Never
	}
	if p.item.IsUnavailable() {
		return &w.tables.Traces.Global().Rate
	}
	return &w.tables.Traces.Lookup(p.item.Namespace).Rate
}

// sampleExemplars removes the exemplars of a kept point whose traces are dropped (M11): by what is remembered of the trace, else by the
// rate of spans with the point's namespace, and its group. Exemplars without a trace are kept. If of is nil, all are kept.
func (w *walk) sampleExemplars(exemplars pmetric.ExemplarSlice, of *point) {
	if of == nil || exemplars.Len() == 0 {
		return
	}
	byNamespace := w.exemplarRate(of)
	exemplars.RemoveIf(func(e pmetric.Exemplar) bool {
		id := e.TraceID()
		if id.IsEmpty() {
			return false
		}
		if !w.p.cfg.TracingEnabled {
			return true
		}
		r, g := byNamespace, of.item.Group
		if memory := w.p.memory; memory != nil {
			known := memory.Peek(&id, memory.Now())
			if known.Trace != nil {
				r, g = &known.Trace.Rate.Rate, 0
			}
			g = known.Group.With(g)
		}
		return !decision.KeepsTrace(id, g, r)
	})
}
