// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlspan"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
)

// exemption is what decides a span before any rate does.
type exemption uint8

// Exemptions, in the order in which they are tried: what is internal is dropped though it may match always_keep.
const (
	noExemption exemption = iota
	internalDropped
	alwaysKept
	priorityKept
	priorityDropped
)

// exemptsSpans reports whether any span can be exempt.
func (rt *runtime) exemptsSpans() bool {
	return rt.dropsInternal() || !rt.alwaysKeep.IsEmpty() || rt.cfg.Tracing.HonorPriority
}

func (rt *runtime) dropsInternal() bool {
	return !rt.cfg.Spans.Internal.Enabled && !rt.internal.IsEmpty()
}

// exemptionOf returns what exempts a span from the rate.
func (rt *runtime) exemptionOf(ctx context.Context, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span) exemption {
	item := ottlspan.NewTransformContextPtr(rs, ss, span)
	defer item.Close()
	switch {
	case rt.dropsInternal() && rt.internal.Match(ctx, item):
		return internalDropped
	case rt.alwaysKeep.Match(ctx, item):
		return alwaysKept
	case !rt.cfg.Tracing.HonorPriority:
		return noExemption
	}
	switch decision.PriorityOf(span.Attributes()) {
	case decision.PriorityKeep:
		return priorityKept
	case decision.PriorityDrop:
		return priorityDropped
	case decision.NoPriority:
	}
	return noExemption
}

// decide decides on a span, and counts it: what exempts it, then on_failure, then the rate.
func (w *tracesWalk) decide(it *item) decision.Span {
	by := w.rateOf(it)
	if it.exemption != noExemption {
		return exempt(it, by)
	}
	if decides, keeps := w.onFailure(by.unavailable); decides {
		return decision.Span{Keep: by.count(ruleUnavailable, keeps), Tracestate: it.tracestate} // T17
	}
	d := w.p.sampler.Decide(it.id, it.tracestate, &by.match.Rate)
	w.fault(d.Fault)
	by.count(by.rule, d.Keep)
	return d
}

// exempt decides on a span that no rate decides, and counts it.
func exempt(it *item, by spanRate) decision.Span {
	untouched := decision.Span{Keep: true, Tracestate: it.tracestate} // T13
	switch it.exemption {
	case internalDropped:
		return decision.Span{Keep: by.count(ruleInternal, false)}
	case alwaysKept:
		by.count(ruleAlwaysKeep, true)
		return untouched
	case priorityKept:
		by.count(rulePriority, true)
		return untouched
	case priorityDropped:
		return decision.Span{Keep: by.count(rulePriority, false)}
	case noExemption:
	}
	return untouched
}
