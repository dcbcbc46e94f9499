// SPDX-License-Identifier: Apache-2.0

package run

import (
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/config"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/report"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// variant is a run of the demo: the configuration with some settings changed, and a load.
type variant struct {
	title    string
	settings []config.Setting
	sizes    workload.Sizes
}

// lowRate is a rate at which nearly all traces are dropped, so that most lookups can be saved.
const lowRate = 0.01

// variants returns four runs: the configuration as it is with the whole load; then the spans alone with trace_id_ratio,
// with parent_based and cut traces, and with parent_based and every rate at lowRate.
func variants(p *config.Processor, sizes workload.Sizes) [4]variant {
	spans := sizes
	spans.DataPoints, spans.Series = 0, 0
	cut := spans
	cut.Cut = true
	parentBased := config.Setting{Key: "tracing::sampler", Value: config.ParentBased}
	ratio := config.Setting{Key: "tracing::sampler", Value: config.TraceIDRatio}
	return [4]variant{
		{title(p.Sampler(), sizes.Cut), nil, sizes},
		{config.TraceIDRatio, []config.Setting{ratio}, spans},
		{title(config.ParentBased, true), []config.Setting{parentBased}, cut},
		{config.ParentBased + ", rates " + report.FormatRate(lowRate), append(p.WithSpanRate(lowRate), parentBased), spans},
	}
}
