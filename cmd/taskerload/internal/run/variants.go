// SPDX-License-Identifier: Apache-2.0

package run

import (
	"strconv"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/report"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// variant is a run of the demo: the configuration with some settings changed, and a load.
type variant struct {
	title    string
	settings []config.Setting
	sizes    workload.Sizes
	holds    bool // spans are held, for longer than the variant before took
}

// lowRate is a rate at which nearly all traces are dropped, so that most lookups can be saved.
const lowRate = 0.01

// The runs, in their order.
const (
	byTraceID  = iota // workflows, without consistent_by
	byWorkflow        // the same with it
	main              // the configuration as it is with the whole load of single tasks
	ratio             // of that load all but the data points, here and below: with trace_id_ratio
	cut               // with parent_based and cut traces
	held              // the same, with spans that are held
	low               // with parent_based and every rate at lowRate

	variantCount
)

// variants returns all runs. Some of them do not keep traces that fail: trace_id_ratio cannot, lookups for what is kept at any rate
// are not saved, and a workflow of which a trace fails would be kept in part.
func variants(p *config.Processor, sizes workload.Sizes, workflows int) [variantCount]variant {
	flows := workload.Sizes{Workflows: workflows, Seed: sizes.Seed}
	spans := sizes
	spans.DataPoints, spans.Series = 0, 0
	pieces := spans
	pieces.Cut = true
	consistent := func(by string) config.Setting { return config.Setting{Key: "consistent_by", Value: "[" + by + "]"} }
	parentBased := config.Setting{Key: "tracing::sampler", Value: config.ParentBased}
	traceIDRatio := config.Setting{Key: "tracing::sampler", Value: config.TraceIDRatio}
	keepNone := config.Setting{Key: "tracing::always_keep_traces", Value: "[]"}
	holdNone := config.Setting{Key: "tracing::hold::wait", Value: "0s"}
	holdAll := config.Setting{Key: "tracing::hold::max_spans", Value: strconv.Itoa(max(1, sizes.Spans))}
	return [...]variant{
		byTraceID:  {title: "workflows, by trace ID", settings: []config.Setting{parentBased, keepNone, holdNone, consistent("")}, sizes: flows},
		byWorkflow: {title: "workflows, consistent_by", settings: []config.Setting{parentBased, keepNone, holdNone, consistent(oracle.WorkflowAttribute)}, sizes: flows},
		main:       {title: title(p.Sampler(), sizes.Cut, p.HoldWait() > 0), sizes: sizes},
		ratio:      {title: config.TraceIDRatio, settings: []config.Setting{traceIDRatio, keepNone, holdNone}, sizes: spans},
		cut:        {title: title(config.ParentBased, true, false), settings: []config.Setting{parentBased, holdNone}, sizes: pieces},
		held:       {title: title(config.ParentBased, true, true), settings: []config.Setting{parentBased, holdAll}, sizes: pieces, holds: true},
		low: {
			title:    config.ParentBased + ", rates " + report.FormatRate(lowRate),
			settings: append(p.WithSpanRate(lowRate), parentBased, keepNone, holdNone), sizes: spans,
		},
	}
}

// minHold is what a run with held spans waits at least. The load takes a fraction of it on two cores.
const minHold = 10 * time.Second

// holdFor returns the setting with which a run as long as another one decides all traces in time, also if it is slower.
func holdFor(elapsed time.Duration) config.Setting {
	wait := max(minHold, 4*elapsed).Round(time.Second)
	return config.Setting{Key: "tracing::hold::wait", Value: wait.String()}
}
