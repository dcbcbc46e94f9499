// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// Defaults of the processor.
const (
	defaultMaxTraces     = 100_000
	defaultMaxNamespaces = 200
	defaultMaxHeldSpans  = 100_000
	defaultMaxSeries     = 10_000
	defaultMaxTracked    = 1_000_000
)

// failed is the only condition of tracing::always_keep_traces that the oracle implements.
const failed = "span.status.code == STATUS_CODE_ERROR"

// validate refuses settings that the oracle does not implement. A wrong prediction would blame the collector.
func (p *Processor) validate() error {
	var errs []error
	refuse := func(when bool, supported string) {
		if when {
			errs = append(errs, errors.New("  "+supported))
		}
	}
	a := p.Namespace.Attributes
	refuse(len(a) > 1 || len(a) == 1 && a[0] != items.NamespaceAttribute, "namespace::attributes: must be [namespace]")
	refuse(p.Namespace.WriteTo != "" && p.Namespace.WriteTo != items.NamespaceAttribute, "namespace::write_to: must be namespace")
	refuse(p.Sampler() != ParentBased && p.Sampler() != TraceIDRatio, "tracing::sampler: must be parent_based or trace_id_ratio")
	refuse(p.Tracing.Mode != "" && p.Tracing.Mode != "equalizing", "tracing::mode: must be equalizing")
	refuse(isFalse(p.Tracing.Enabled), "tracing::enabled: must be true")
	refuse(len(p.Tracing.AlwaysKeep) > 0, "tracing::always_keep: must be empty")
	refuse(p.Tracing.Priority, "tracing::honor_priority: must be false")
	refuse(len(p.Spans.Internal.Match) > 0, "spans::internal::match: must be empty")
	refuse(isFalse(p.Metrics.Enabled), "metrics::enabled: must be true")
	refuse(len(p.Metrics.Detailed.Match) > 0, "metrics::detailed::match: must be empty")
	refuse(p.Metrics.By != "" && p.Metrics.By != "series", "metrics::by: must be series")
	refuse(isFalse(p.Logs.Enabled), "logs::enabled: must be true")
	refuse(len(p.Logs.AlwaysKeep) > 0, "logs::always_keep: must be empty")
	refuse(p.DryRun, "dry_run: must be false")
	lookups, _ := p.Postgres["lookups"].([]any)
	refuse(len(lookups) > 0, "postgres::lookups: must be empty")
	refuse(p.Postgres["overrides"] != nil, "postgres::overrides: must be absent")
	refuse(p.Postgres["layout"] == "none", "postgres::layout: must be tasker or tasker_legacy")
	refuse(orElse(p.Telemetry.MaxNamespaces, defaultMaxNamespaces) < workload.Namespaces(),
		fmt.Sprintf("telemetry::max_namespaces: must be at least %d", workload.Namespaces()))
	for _, set := range []overrides{p.Namespaces, p.Tracing.Namespaces, p.Metrics.Namespaces, p.Logs.Namespaces} {
		for name := range set {
			refuse(strings.ContainsAny(name, "*?"), fmt.Sprintf("namespaces::%s: must be an exact name", name))
		}
	}
	all := p.allRates()
	for _, key := range slices.Sorted(maps.Keys(all)) {
		rate := all[key]
		refuse(rate != nil && !validRate(*rate), fmt.Sprintf("%s: must be 0 or between 2^-56 and 1, got %v", key, orElse(rate, 0)))
	}
	digits := p.precision()
	refuse(digits < 1 || digits > sampling.NumHexDigits, fmt.Sprintf("tracing::sampling_precision: must be 1 to 14, got %d", digits))
	errs = append(errs, p.validateTraces()...)
	errs = append(errs, p.validateWorkflows()...)
	errs = append(errs, p.validateRemainder()...)
	return errors.Join(errs...)
}

// validateRemainder refuses a remainder that the load may be too large for, or that has nothing to leave out.
func (p *Processor) validateRemainder() (errs []error) {
	own := &p.Metrics.Remainder
	if !own.Enabled {
		return nil
	}
	refuse := func(when bool, format string, args ...any) {
		if when {
			errs = append(errs, fmt.Errorf("  metrics::remainder::"+format, args...))
		}
	}
	n, numbers := orElse(own.MaxSeries, defaultMaxSeries), orElse(own.MaxTracked, defaultMaxTracked)
	refuse(n < defaultMaxSeries, "max_series: must be at least %d, got %d", defaultMaxSeries, n)
	refuse(numbers < defaultMaxTracked, "max_tracked: must be at least %d, got %d", defaultMaxTracked, numbers)
	refuse(len(p.without()) == 0, "without: must not be empty without postgres and consistent_by")
	refuse(slices.Contains(p.without(), items.NamespaceAttribute), "without: must not have %s", items.NamespaceAttribute)
	return errs
}

// validateTraces checks what is about whole traces.
func (p *Processor) validateTraces() (errs []error) {
	keep, wait := p.Tracing.KeepTraces, p.Tracing.Hold.Wait
	if len(keep) > 0 && (len(keep) > 1 || keep[0] != failed) {
		errs = append(errs, fmt.Errorf("  tracing::always_keep_traces: must be empty or [%s]", failed))
	}
	if len(keep) > 0 && p.Sampler() != ParentBased {
		errs = append(errs, fmt.Errorf("  tracing::always_keep_traces: must be empty with %s", p.Sampler()))
	}
	if _, err := time.ParseDuration(cmp.Or(wait, "0")); err != nil {
		return append(errs, fmt.Errorf("  tracing::hold::wait: must be a duration, got %q", wait))
	}
	if p.HoldWait() <= 0 {
		return errs
	}
	if p.Sampler() != ParentBased {
		errs = append(errs, fmt.Errorf("  tracing::hold::wait: must be 0 with %s", p.Sampler()))
	}
	if p.spanRates().Highest() < 1 {
		// Else keys are looked up that no rate makes worth it, for a span that may keep their trace later. The oracle does not know that.
		errs = append(errs, errors.New("  tracing::hold::wait: must be 0 unless the spans of a namespace have rate 1"))
	}
	return errs
}

// validateWorkflows checks what consistent_by can be combined with.
func (p *Processor) validateWorkflows() (errs []error) {
	if !p.ByWorkflow() {
		return nil
	}
	if len(p.Consistent) > 1 || p.Consistent[0] != oracle.WorkflowAttribute {
		errs = append(errs, fmt.Errorf("  consistent_by: must be empty or [%s]", oracle.WorkflowAttribute))
	}
	refuse := func(when bool, text string) {
		if when {
			errs = append(errs, errors.New("  consistent_by: must be empty "+text))
		}
	}
	refuse(p.Sampler() != ParentBased, "with "+p.Sampler())
	refuse(p.KeepsFailedTraces(), "with tracing::always_keep_traces")
	refuse(p.HoldWait() > 0, "with tracing::hold::wait")
	// Else some keys are not looked up that a workflow would make worth it. The oracle does not know that.
	refuse(p.spanRates().Highest() < 1, "unless the spans of a namespace have rate 1")
	refuse(p.spanRates().Lowest() == 0, "if the spans of a namespace have rate 0")
	return errs
}

// allRates are the configured rates by their keys.
func (p *Processor) allRates() map[string]*float64 {
	all := map[string]*float64{
		"sample_rate":                    p.SampleRate,
		"tracing::sample_rate":           p.Tracing.SampleRate,
		"metrics::detailed::sample_rate": p.Metrics.Detailed.SampleRate,
		"logs::sample_rate":              p.Logs.SampleRate,
	}
	for key, set := range map[string]overrides{
		"namespaces": p.Namespaces, "tracing::namespaces": p.Tracing.Namespaces, "metrics::namespaces": p.Metrics.Namespaces,
		"logs::namespaces": p.Logs.Namespaces,
	} {
		for name, rate := range set {
			all[key+"::"+name] = &rate
		}
	}
	return all
}

// validRate is false for NaN too.
func validRate(rate float64) bool {
	return rate == 0 || rate >= sampling.MinSamplingProbability && rate <= 1
}
