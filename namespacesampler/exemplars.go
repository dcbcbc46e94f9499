// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// sampleExemplars removes the exemplars of a kept point that point at traces which the same configuration drops (M11). The rate
// of a trace is the one that the sampler remembers of it, else that of the point's namespace.
func (w *metricsWalk) sampleExemplars(exemplars pmetric.ExemplarSlice, f fate) {
	if f.item == nil || exemplars.Len() == 0 {
		return
	}
	w.ownRate = w.spanRate(f.item)
	if memory := w.rt.memory; memory != nil {
		w.traces = memory.Open()
		defer w.traces.Close()
	}
	exemplars.RemoveIf(w.removeExemplar)
}

// spanRate returns the rate of spans that carry what a point carries.
func (w *metricsWalk) spanRate(it *item) *rate.Rate {
	if decides, keeps := w.onFailure(it.unavailable()); decides {
		if keeps {
			return &rate.Always
		}
		return &rate.Never
	}
	return &w.rates.spans.Lookup(it.name).Rate
}

// dangles reports whether an exemplar points at a trace that is dropped. One without a trace points at nothing.
func (w *metricsWalk) dangles(e pmetric.Exemplar) bool {
	id := e.TraceID()
	if id.IsEmpty() {
		return false
	}
	if !w.rt.cfg.Tracing.Enabled {
		return true
	}
	r := w.ownRate
	if w.rt.memory != nil {
		if known, ok := w.traces.Peek(id); ok {
			r = &known.match.Rate
		}
	}
	return !decision.KeepsTrace(id, r)
}
