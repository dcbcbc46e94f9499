// SPDX-License-Identifier: Apache-2.0

package run

import (
	"strconv"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
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

// variants returns five runs: the configuration as it is with the whole load; then the spans alone with trace_id_ratio, with
// parent_based and cut traces, the same with spans that are held, and with parent_based and every rate at lowRate. Two of them
// do not keep traces that fail: trace_id_ratio cannot, and lookups for what is kept at any rate are not saved.
func variants(p *config.Processor, sizes workload.Sizes) [5]variant {
	spans := sizes
	spans.DataPoints, spans.Series = 0, 0
	cut := spans
	cut.Cut = true
	parentBased := config.Setting{Key: "tracing::sampler", Value: config.ParentBased}
	ratio := config.Setting{Key: "tracing::sampler", Value: config.TraceIDRatio}
	keepNone := config.Setting{Key: "tracing::always_keep_traces", Value: "[]"}
	holdNone := config.Setting{Key: "tracing::hold::wait", Value: "0s"}
	holdAll := config.Setting{Key: "tracing::hold::max_spans", Value: strconv.Itoa(max(1, sizes.Spans))}
	low := config.ParentBased + ", rates " + report.FormatRate(lowRate)
	return [...]variant{
		{title: title(p.Sampler(), sizes.Cut, p.HoldWait() > 0), sizes: sizes},
		{title: config.TraceIDRatio, settings: []config.Setting{ratio, keepNone, holdNone}, sizes: spans},
		{title: title(config.ParentBased, true, false), settings: []config.Setting{parentBased, holdNone}, sizes: cut},
		{title: title(config.ParentBased, true, true), settings: []config.Setting{parentBased, holdAll}, sizes: cut, holds: true},
		{title: low, settings: append(p.WithSpanRate(lowRate), parentBased, keepNone, holdNone), sizes: spans},
	}
}

// minHold is what a run with held spans waits at least. The load takes a fraction of it on two cores.
const minHold = 10 * time.Second

// holdFor returns the setting with which a run as long as another one decides all traces in time, also if it is slower.
func holdFor(elapsed time.Duration) config.Setting {
	wait := max(minHold, 4*elapsed).Round(time.Second)
	return config.Setting{Key: "tracing::hold::wait", Value: wait.String()}
}
