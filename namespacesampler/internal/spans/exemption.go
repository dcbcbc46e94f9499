// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"context"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
)

// exemption is the decision on a span that no rate decides.
type exemption struct {
	isExempt, keep bool
	rule           labels.Rule
}

// hasExemptions reports whether any span can be exempt.
func (p *Processor) hasExemptions() bool {
	return !p.internal.IsEmpty() || !p.alwaysKeep.IsEmpty() || p.cfg.HonorPriority
}

// exemptionOf returns the exemption of a span, in order of precedence.
func (p *Processor) exemptionOf(ctx context.Context, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span) exemption {
	s := condition.NewSpan(rs, ss, span)
	defer s.Close()
	switch {
	case p.internal.Match(ctx, s):
		return exemption{isExempt: true, rule: labels.Internal}
	case p.alwaysKeep.Match(ctx, s):
		return exemption{isExempt: true, rule: labels.AlwaysKeep, keep: true}
	case !p.cfg.HonorPriority:
		return exemption{}
	}
	priority := decision.PriorityOf(span.Attributes())
	return exemption{isExempt: priority != decision.NoPriority, rule: labels.Priority, keep: priority == decision.PriorityKeep}
}
