// SPDX-License-Identifier: Apache-2.0

// Package logs samples log records: it walks over a batch, finds the rate of each record, which follows its trace if that is remembered, and
// drops or stamps each record.
package logs

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// Config configures the sampling of log records.
type Config struct {
	// Enabled is false if all records are dropped.
	Enabled bool
	Sampler decision.Sampler
	// AlwaysKeep are the OTTL conditions of records that are kept at any rate.
	AlwaysKeep []string
	// Inherit writes the namespace of a trace to its kept records without one.
	Inherit bool
}

// Processor samples the log records of all pipelines of a configuration. It is safe for concurrent use.
type Processor struct {
	cfg        Config
	common     *batch.Common
	rates      *steering.Rates
	memory     *tracememory.Memory // of traces; nil for trace_id_ratio
	alwaysKeep *condition.Set[condition.LogRecord]
	walks      sync.Pool
}

// New returns a processor. An error reports conditions that do not compile.
func New(cfg Config, common *batch.Common, rates *steering.Rates, memory *tracememory.Memory) (p *Processor, err error) {
	p = &Processor{cfg: cfg, common: common, rates: rates, memory: memory}
	p.walks.New = func() any { return newWalk(p) }
	p.alwaysKeep, err = condition.LogRecords("logs::always_keep", cfg.AlwaysKeep, common.ConditionFailed)
	return p, err
}

// Process samples a batch. It returns ErrSkipProcessingData if no records are left (C5).
func (p *Processor) Process(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	w := p.walks.Get().(*walk)
	defer p.release(ctx, w)

	w.begin(p.rates.InForce().Logs)
	w.read(ctx, ld)
	if p.cfg.Enabled {
		w.resolve(ctx, ld)
		w.apply(ld)
	} else {
		w.disable()
	}

	switch {
	case p.common.DryRun:
		return ld, nil
	case !p.cfg.Enabled || ld.ResourceLogs().Len() == 0:
		return ld, processorhelper.ErrSkipProcessingData
	}
	return ld, nil
}

// release reports what happened to a batch and keeps the working memory for another.
func (p *Processor) release(ctx context.Context, w *walk) {
	w.report(ctx)
	size := len(w.records)
	w.reset()
	if size <= batch.MaxReusedItems {
		p.walks.Put(w)
	}
}
