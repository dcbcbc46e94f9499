// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"context"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
)

// exemption is why a span is not decided by a rate.
type exemption uint8

// Exemptions, in order of precedence.
const (
	notExempt exemption = iota
	internal
	alwaysKept
	priorityKept
	priorityDropped
)

// decides returns the rule of an exemption and whether it keeps the span; ok is false if the span is not exempt.
func (e exemption) decides() (rule labels.Rule, keep, ok bool) {
	switch e {
	case internal:
		return labels.Internal, false, true
	case alwaysKept:
		return labels.AlwaysKeep, true, true
	case priorityKept:
		return labels.Priority, true, true
	case priorityDropped:
		return labels.Priority, false, true
	case notExempt:
	}
	return 0, false, false
}

// hasExemptions reports whether any span can be exempt.
func (p *Processor) hasExemptions() bool {
	return !p.internal.IsEmpty() || !p.alwaysKeep.IsEmpty() || p.cfg.HonorPriority
}

// exemptionOf returns why a span is exempt from the rate, if it is.
func (p *Processor) exemptionOf(ctx context.Context, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span) exemption {
	s := condition.NewSpan(rs, ss, span)
	defer s.Close()
	switch {
	case p.internal.Match(ctx, s):
		return internal
	case p.alwaysKeep.Match(ctx, s):
		return alwaysKept
	case !p.cfg.HonorPriority:
		return notExempt
	}
	switch decision.PriorityOf(span.Attributes()) {
	case decision.PriorityKeep:
		return priorityKept
	case decision.PriorityDrop:
		return priorityDropped
	case decision.NoPriority:
	}
	return notExempt
}
