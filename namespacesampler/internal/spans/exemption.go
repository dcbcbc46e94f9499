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

// inKeptTrace is the exemption of the spans of a trace that is kept whole (T18).
var inKeptTrace = exemption{isExempt: true, keep: true, rule: labels.AlwaysKeepTrace}

// hasExemptions reports whether any span can be exempt.
func (p *Processor) hasExemptions() bool {
	return !p.internal.IsEmpty() || !p.alwaysKeep.IsEmpty() || !p.keepTraces.IsEmpty() || p.cfg.HonorPriority
}

// readExemption reads whether a span is exempt by what it is itself, in order of precedence, and whether its trace is kept because of it.
func (w *walk) readExemption(ctx context.Context, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, data ptrace.Span, s *span) {
	p := w.p
	evaluated := condition.NewSpan(rs, ss, data)
	defer evaluated.Close()
	keepsTrace := p.keepTraces.Match(ctx, evaluated)
	if keepsTrace && !s.id.IsEmpty() {
		w.keepTrace(&s.id)
	}
	switch {
	case p.internal.Match(ctx, evaluated):
		s.exemption = exemption{isExempt: true, rule: labels.Internal}
		w.orphans.internals++
	case p.alwaysKeep.Match(ctx, evaluated):
		s.exemption = exemption{isExempt: true, rule: labels.AlwaysKeep, keep: true}
	case keepsTrace && s.id.IsEmpty():
		s.exemption = inKeptTrace // the span is all that is known of its trace
	case p.cfg.HonorPriority:
		priority := decision.PriorityOf(data.Attributes())
		s.exemption = exemption{
			isExempt: priority != decision.NoPriority, rule: labels.Priority, keep: priority == decision.PriorityKeep,
		}
	}
}

// exemptionOf returns the exemption of a span, in order of precedence. That its trace is kept whole wins over its own priority.
func (w *walk) exemptionOf(s *span) exemption {
	if s.trace != none && w.traces.list[s.trace].isKept && (!s.exemption.isExempt || s.exemption.rule == labels.Priority) {
		return inKeptTrace
	}
	return s.exemption
}
