// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Validate implements confmap.Validator. It reports all errors at once, each on one line with the key, the value, and what would
// be valid. It validates the sections itself, because the collector prefixes only the first line of a section's error with its
// key.
func (c *Config) Validate() error {
	var f faults
	c.Namespace.validate(&f)
	f.add("sample_rate", rate.Validate(c.SampleRate))
	missing := c.Namespace.MissingValues
	c.Namespaces.validate(&f, "namespaces", missing, noSharedBudget)
	f.attributes("consistent_by", c.ConsistentBy)
	c.Tracing.validate(&f, missing)
	f.conditions(condition.Spans("spans::internal::match", c.Spans.Internal.Match, nil))
	c.Metrics.validate(&f, missing)
	c.Logs.validate(&f, missing)
	c.validateBudgets(&f)
	c.validateRemainder(&f)
	if c.Postgres.HasValue() {
		c.Postgres.Get().validate(&f)
	}
	if c.Inspect.HasValue() {
		c.Inspect.Get().validate(&f)
	}
	f.within("telemetry::max_namespaces", c.Telemetry.MaxNamespaces, 0, 100_000, "namespaces")
	return errors.Join(f...)
}

func (c *NamespaceConfig) validate(f *faults) {
	if len(c.Attributes) == 0 {
		f.addf("namespace::attributes", "must name the attributes that hold the namespace, e.g. [namespace], got []")
	}
	f.attributes("namespace::attributes", c.Attributes)
}

func (c *TracingConfig) validate(f *faults, missing []string) {
	oneOf(f, "tracing::sampler", c.Sampler, ParentBased, TraceIDRatio)
	oneOf(f, "tracing::mode", c.Mode, Equalizing, Proportional)
	f.within("tracing::sampling_precision", c.SamplingPrecision, 1, 14, "hexadecimal digits")
	f.rate("tracing::sample_rate", c.SampleRate)
	f.budget("tracing", c.Budget, c.SampleRate)
	c.Namespaces.validate(f, "tracing::namespaces", missing, anyBudgets)
	f.conditions(condition.Spans("tracing::always_keep", c.AlwaysKeep, nil))
	f.conditions(condition.Spans("tracing::always_keep_traces", c.AlwaysKeepTraces, nil))
	if c.Sampler == TraceIDRatio && len(c.AlwaysKeepTraces) > 0 {
		f.addf("tracing::always_keep_traces", "must be empty with tracing::sampler %s, which decides each span by itself and remembers no trace, "+
			"got %q (use %s, or tracing::always_keep for single spans)", TraceIDRatio, c.AlwaysKeepTraces, ParentBased)
	}
	f.within("tracing::trace_memory::max_traces", c.TraceMemory.MaxTraces, 1, 1<<30, "traces")
	f.duration("tracing::trace_memory::ttl", c.TraceMemory.TTL, "1m")
	f.durationOrZero("tracing::hold::wait", c.Hold.Wait, "no span is held", "2s")
	if c.Sampler == TraceIDRatio && c.Hold.Wait > 0 {
		f.addf("tracing::hold::wait", "must be 0 with tracing::sampler %s, which decides each span by itself and has nothing to wait for, got %v "+
			"(use %s)", TraceIDRatio, c.Hold.Wait, ParentBased)
	}
	f.within("tracing::hold::max_spans", c.Hold.MaxSpans, 1, 1<<30, "spans")
}

func (c *MetricsConfig) validate(f *faults, missing []string) {
	f.rate("metrics::detailed::sample_rate", c.Detailed.SampleRate)
	f.conditions(condition.Metrics("metrics::detailed::match", c.Detailed.Match, nil))
	c.Namespaces.validate(f, "metrics::namespaces", missing, noPointsBudget)
	oneOf(f, "metrics::by", c.By, BySeries, ByPoint)
	if c.RescaleDelta && c.By == BySeries {
		f.addf("metrics::rescale_delta", "must be false with metrics::by %s, got true: series that are kept are complete, "+
			"and must not be multiplied (with metrics::by %s single points go missing, and the rest can stand for them)",
			BySeries, ByPoint)
	}
	oneOf(f, "metrics::exemplars", c.Exemplars, ExemplarsKeep, ExemplarsSampled)
}

func (c *LogsConfig) validate(f *faults, missing []string) {
	f.rate("logs::sample_rate", c.SampleRate)
	f.budget("logs", c.Budget, c.SampleRate)
	c.Namespaces.validate(f, "logs::namespaces", missing, anyBudgets)
	f.conditions(condition.LogRecords("logs::always_keep", c.AlwaysKeep, nil))
}

func (c *PostgresConfig) validate(f *faults) {
	f.add("postgres::dsn", postgres.ValidateDSN(string(c.DSN)))
	oneOf(f, "postgres::layout", c.Layout, LayoutTasker, LayoutTaskerLegacy, LayoutNone)
	if c.Layout == LayoutNone && len(c.Lookups) == 0 && c.registry() == nil && !c.Overrides.Enabled && !c.Fleet.Enabled {
		f.addf("postgres::layout", "none leaves nothing to read: give a layout (%s or %s), postgres::lookups, postgres::registry::query, "+
			"postgres::overrides or postgres::fleet, or leave postgres out", LayoutTasker, LayoutTaskerLegacy)
	}
	if len(c.Lookups) > postgres.MaxLookups {
		f.addf("postgres::lookups", "must be at most %d, got %d", postgres.MaxLookups, len(c.Lookups))
	}
	for i, lookup := range c.Lookups {
		key := fmt.Sprintf("postgres::lookups::%d", i)
		lookup.validate(f, key)
		if slices.ContainsFunc(c.Lookups[:i], func(l LookupConfig) bool { return l.Attribute == lookup.Attribute }) {
			f.addf(key+"::attribute", "must be listed once, got %q again",
				lookup.Attribute)
		}
	}
	f.within("postgres::max_connections", c.MaxConnections, 1, 1000, "connections")
	f.durationOrZero("postgres::wait", c.Wait, "batches never wait", "200ms")
	f.duration("postgres::query_timeout", c.QueryTimeout, "2s")
	oneOf(f, "postgres::on_failure", c.OnFailure, OnFailureGlobalRate, OnFailureKeep, OnFailureDrop)
	f.within("postgres::cache::max_entries", c.Cache.MaxEntries, 1, 1<<30, "entries")
	f.duration("postgres::cache::ttl", c.Cache.TTL, "24h")
	f.durationOrZero("postgres::cache::refresh_after", c.Cache.RefreshAfter, "never", "1h")
	f.duration("postgres::cache::negative_ttl", c.Cache.NegativeTTL, "10s")
	f.within("postgres::circuit_breaker::failures", c.CircuitBreaker.Failures, 1, 1_000_000, "failed loads in a row")
	f.duration("postgres::circuit_breaker::cooldown", c.CircuitBreaker.Cooldown, "5s")
	f.durationOrZero("postgres::registry::interval", c.Registry.Interval, "never", "1m")
	if c.Registry.Query != "" {
		f.add("postgres::registry::query", postgres.ValidateRegistry(c.Registry.Query))
	}
	_, err := postgres.ParseTable(c.Overrides.Table)
	f.add("postgres::overrides::table", err)
	_, err = postgres.ParseTable(c.Fleet.Table)
	f.add("postgres::fleet::table", err)
	f.duration("postgres::overrides::interval", c.Overrides.Interval, "10s")
	f.add("postgres::overrides::channel", postgres.ValidateChannel(c.Overrides.Channel))
}

// keysParameter matches the parameter $1.
var keysParameter = regexp.MustCompile(`\$1(\D|$)`)

func (c *LookupConfig) validate(f *faults, key string) {
	if c.Attribute == "" {
		f.addf(key+"::attribute", `must name the attribute that holds the keys, got ""`)
	}
	if !keysParameter.MatchString(c.Query) {
		f.addf(key+"::query", "must be SQL that takes the keys as $1 (text[]) and returns rows (key text, "+
			"namespace text) or (key text, namespace text, group text), e.g. SELECT id, namespace FROM orders WHERE id = ANY($1), got %q", c.Query)
	}
}

// faults collects the errors of a configuration.
type faults []error

func (f *faults) add(key string, err error) {
	if err != nil {
		*f = append(*f, fmt.Errorf("%s: %w", key, err))
	}
}

func (f *faults) addf(key, format string, args ...any) {
	f.add(key, fmt.Errorf(format, args...))
}

// attributes requires a list of distinct names.
func (f *faults) attributes(key string, names []string) {
	for i, name := range names {
		key := fmt.Sprintf("%s::%d", key, i)
		switch {
		case name == "":
			f.addf(key, `must name an attribute, got ""`)
		case slices.Index(names, name) < i:
			f.addf(key, "must be listed once, got %q again", name)
		}
	}
}

// conditions adds the error of compiling conditions.
func (f *faults) conditions(_ any, err error) {
	if err != nil {
		*f = append(*f, err)
	}
}

func (f *faults) rate(key string, probability *float64) {
	if probability != nil {
		f.add(key, rate.Validate(*probability))
	}
}

func (f *faults) within(key string, got, least, most int, unit string) {
	if got < least || got > most {
		f.addf(key, "must be between %d and %d %s, got %d", least, most, unit, got)
	}
}

// duration requires a duration of at least a millisecond. A shorter one is probably a number without a unit, which counts
// nanoseconds.
func (f *faults) duration(key string, got time.Duration, example string) {
	switch {
	case got <= 0:
		f.addf(key, "must be longer than 0, e.g. %s, got %v", example, got)
	case got < time.Millisecond:
		f.addf(key, "must be at least 1ms, e.g. %s, got %v (a number needs a unit)", example, got)
	}
}

// durationOrZero requires 0, which has a meaning of its own, or a duration of at least a millisecond.
func (f *faults) durationOrZero(key string, got time.Duration, zero, example string) {
	switch {
	case got < 0:
		f.addf(key, "must be 0 (%s) or longer, e.g. %s, got %v", zero, example, got)
	case got != 0:
		f.duration(key, got, example)
	}
}

func oneOf[T ~string](f *faults, key string, got T, choices ...T) {
	if slices.Contains(choices, got) {
		return
	}
	names := make([]string, len(choices))
	for i, choice := range choices {
		names[i] = string(choice)
	}
	f.addf(key, "must be %s, got %q", strings.Join(names, " or "), string(got))
}
