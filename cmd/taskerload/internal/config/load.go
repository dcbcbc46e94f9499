// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// CheckLoad refuses a load whose outcome cannot be predicted: because its traces do not fit in the processor's trace memory and it needs
// them again, its spans could exceed those that it may hold, or whole workflows are kept and it has none.
func (p *Processor) CheckLoad(sizes workload.Sizes) error {
	if p.ByWorkflow() && sizes.Workflows == 0 {
		return errors.New("consistent_by: must be empty for a load without workflows (--workflows): taskerload cannot predict the outcome")
	}
	if n := sizes.Traces(); sizes.Cut && p.Sampler() == ParentBased && n > p.maxTraces() {
		return fmt.Errorf("tracing::trace_memory::max_traces: must be at least %d, the number of traces that are cut, got %d: "+
			"taskerload cannot predict the outcome", n, p.maxTraces())
	}
	if sizes.Records > 0 {
		if err := p.CheckMemory(sizes.Traces()); err != nil {
			return err
		}
	}
	limit := orElse(p.Tracing.Hold.MaxSpans, defaultMaxHeldSpans)
	if p.HoldWait() > 0 && sizes.Spans > limit {
		return fmt.Errorf("tracing::hold::max_spans: must be at least %d, the number of spans that are sent, got %d: "+
			"taskerload cannot predict the outcome", sizes.Spans, limit)
	}
	return nil
}

// CheckMemory refuses a number of traces that the processor forgets before their log records arrive.
func (p *Processor) CheckMemory(traces int) error {
	if p.Sampler() != ParentBased || traces <= p.maxTraces() {
		return nil
	}
	return fmt.Errorf("tracing::trace_memory::max_traces: must be at least %d, the number of traces that log records belong to, got %d: "+
		"taskerload cannot predict the outcome", traces, p.maxTraces())
}

func (p *Processor) maxTraces() int { return orElse(p.Tracing.Memory.MaxTraces, defaultMaxTraces) }
