// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
)

// announce logs what is in force, and warns of what is probably a mistake.
func (e *Engine) announce() {
	shown, tables := &e.cfg.Shown, e.steering.Rates.InForce()
	fields := []zap.Field{
		zap.Strings("namespace_attributes", shown.Namespace.Attributes),
		zap.Strings("consistent_by", shown.ConsistentBy),
		zap.String("sampler", shown.Tracing.Sampler),
		zap.String("mode", shown.Tracing.Mode),
		steering.RateField("spans_global_", tables.Traces.Global()),
		zap.Any("spans_overrides", ratesAndBudgets(tables.Traces)),
		steering.RateField("datapoints_global_", tables.Metrics.Global()),
		zap.Any("datapoints_overrides", ratesAndBudgets(tables.Metrics)),
		steering.RateField("log_records_global_", tables.Logs.Global()),
		zap.Any("log_records_overrides", ratesAndBudgets(tables.Logs)),
		zap.Any("overrides_until", shownTimes(tables.Expiries())),
		zap.Int("detailed_match", len(shown.Metrics.Detailed.Match)),
		zap.String("datapoints_by", shown.Metrics.By),
		zap.Bool("rescale_delta", shown.Metrics.RescaleDelta),
		zap.String("exemplars", shown.Metrics.Exemplars),
		zap.Bool("remainder", e.cfg.Points.Remainder != nil),
		zap.Int("always_keep", len(shown.Tracing.AlwaysKeep)),
		zap.Int("always_keep_traces", len(shown.Tracing.AlwaysKeepTraces)),
		zap.Int("logs_always_keep", len(shown.Logs.AlwaysKeep)),
		zap.Bool("honor_priority", shown.Tracing.HonorPriority),
		zap.Float64("hold_wait_seconds", e.holdWait().Seconds()),
		zap.Bool("drops_internal_spans", len(e.cfg.Spans.DropInternal) > 0),
		zap.Bool("dry_run", e.cfg.DryRun),
		zap.Bool("resolves_from_postgres", e.cfg.Postgres != nil),
	}
	if pg := e.cfg.Postgres; pg != nil {
		fields = append(fields, zap.String("layout", shown.Postgres.Layout), zap.Strings("lookups", shown.Postgres.Lookups),
			zap.Float64("wait_seconds", pg.Wait.Seconds()), zap.String("on_failure", shown.Postgres.OnFailure),
			zap.Bool("runtime_overrides", pg.Overrides != nil), zap.Bool("shares_budgets", pg.Fleet != nil))
	}
	e.logger.Info("sampling by namespace", fields...)
	if expired := e.steering.Rates.Expired(time.Now()); len(expired) > 0 {
		e.logger.Warn("overrides have ended before the start and do not apply: remove them from the configuration, or change until",
			zap.Any("overrides_until", shownTimes(expired)))
	}
	e.warn()
}

// ratesAndBudgets returns the rate of each override of a table, or its budget, by name or pattern.
func ratesAndBudgets(table *rate.Table) map[string]map[string]float64 {
	overrides := map[string]map[string]float64{}
	for name, m := range table.Overrides() {
		key, number := steering.RateOrBudget(m)
		overrides[name] = map[string]float64{key: number}
	}
	return overrides
}

// shownTimes returns times as the log shows them.
func shownTimes(times map[string]time.Time) map[string]string {
	shown := make(map[string]string, len(times))
	for key, t := range times {
		shown[key] = steering.ShownTime(t)
	}
	return shown
}

// holdWait returns how long spans are held.
func (e *Engine) holdWait() time.Duration {
	if e.cfg.Spans.Hold == nil {
		return 0
	}
	return e.cfg.Spans.Hold.Wait
}

// warn logs what is probably a mistake.
func (e *Engine) warn() {
	if e.cfg.DryRun {
		e.logger.Warn("dry_run is true: nothing is dropped or changed; decisions are only counted")
		return
	}
	tables, keepsOnFailure := e.steering.Rates.InForce(), e.cfg.OnFailure == batch.Keep
	spans, points, logs := &e.cfg.Spans, &e.cfg.Points, &e.cfg.Logs
	switch {
	case !spans.Enabled:
		e.logger.Warn("tracing::enabled is false: no spans leave this processor")
	case tables.Traces.Highest().IsNever() && !keepsOnFailure && len(spans.AlwaysKeep) == 0 && len(spans.AlwaysKeepTraces) == 0 && !spans.HonorPriority:
		e.logger.Warn("every rate for spans is 0: no spans leave this processor")
	}
	switch {
	case !points.Enabled:
		e.logger.Warn("metrics::enabled is false: no data points leave this processor")
	case tables.Metrics.Highest().IsNever() && !keepsOnFailure && points.Remainder != nil:
		e.logger.Warn("every rate for data points is 0: of detailed metrics nothing leaves this processor but what dropped series add up to")
	case tables.Metrics.Highest().IsNever() && !keepsOnFailure:
		e.logger.Warn("every rate for data points is 0: no detailed metrics leave this processor")
	}
	switch {
	case !logs.Enabled:
		e.logger.Warn("logs::enabled is false: no log records leave this processor")
	case tables.Logs.Highest().IsNever() && !keepsOnFailure && len(logs.AlwaysKeep) == 0 && !e.keepsRecordsOfTraces():
		e.logger.Warn("every rate for log records is 0: no log records leave this processor")
	}
}

// keepsRecordsOfTraces reports whether log records can be kept because their trace is: it is kept whole (T18), or its rate replaces theirs (L3).
func (e *Engine) keepsRecordsOfTraces() bool {
	tables := e.steering.Rates.InForce()
	switch {
	case e.cfg.Spans.Memory == nil:
		return false
	case len(e.cfg.Spans.AlwaysKeepTraces) > 0:
		return true
	case tables.Traces.Highest().IsNever():
		return false
	}
	isOwn := func(m *rate.Match) bool { return m.Signal == rate.Logs }
	for _, m := range tables.Logs.Overrides() {
		if !isOwn(m) {
			return true
		}
	}
	return !isOwn(tables.Logs.Global())
}
