// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.yaml.in/yaml/v3"
)

const namespaceAttribute = "namespace"

// Samplers of spans, as the processor names them.
const (
	parentBased  = "parent_based"
	traceIDRatio = "trace_id_ratio"
)

// samplerConfig is the part of the processor's configuration that says what must come out.
type samplerConfig struct {
	id string // the processor's, with its name

	Namespace struct {
		Attributes    []string  `yaml:"attributes"`
		MissingValues *[]string `yaml:"missing_values"`
	} `yaml:"namespace"`
	SampleRate *float64  `yaml:"sample_rate"`
	Namespaces overrides `yaml:"namespaces"`
	Tracing    struct {
		Enabled    *bool     `yaml:"enabled"`
		Sampler    string    `yaml:"sampler"`
		Mode       string    `yaml:"mode"`
		Precision  *int      `yaml:"sampling_precision"`
		SampleRate *float64  `yaml:"sample_rate"`
		Namespaces overrides `yaml:"namespaces"`
		AlwaysKeep []any     `yaml:"always_keep"`
		Priority   bool      `yaml:"honor_priority"`
		Memory     struct {
			MaxTraces *int `yaml:"max_traces"`
		} `yaml:"trace_memory"`
	} `yaml:"tracing"`
	Spans struct {
		Internal struct {
			Match []any `yaml:"match"`
		} `yaml:"internal"`
	} `yaml:"spans"`
	Metrics struct {
		Enabled  *bool `yaml:"enabled"`
		Detailed struct {
			Enabled    *bool    `yaml:"enabled"`
			SampleRate *float64 `yaml:"sample_rate"`
			Match      []any    `yaml:"match"`
		} `yaml:"detailed"`
		Namespaces overrides `yaml:"namespaces"`
		By         string    `yaml:"by"`
	} `yaml:"metrics"`
	DryRun    bool           `yaml:"dry_run"`
	Postgres  map[string]any `yaml:"postgres"`
	Telemetry struct {
		MaxNamespaces *int `yaml:"max_namespaces"`
	} `yaml:"telemetry"`
}

// readConfig reads the first namespace_sampler of a collector's configuration file, with the settings laid over it.
func readConfig(path string, settings ...setting) (*samplerConfig, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := parseConfig(content, settings...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func parseConfig(content []byte, settings ...setting) (*samplerConfig, error) {
	// A node keeps the order of the keys: the first matching processor counts.
	var file struct {
		Processors yaml.Node `yaml:"processors"`
	}
	if err := yaml.Unmarshal(expandEnv(content), &file); err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(file.Processors.Content); i += 2 {
		name := file.Processors.Content[i].Value
		kind, _, _ := strings.Cut(name, "/")
		if kind != "namespace_sampler" && kind != "namespacesampler" {
			continue
		}
		section, err := lay(settings, file.Processors.Content[i+1])
		if err != nil {
			return nil, fmt.Errorf("processors::%s: %w", name, err)
		}
		c := samplerConfig{id: name}
		if err := section.Decode(&c); err != nil {
			return nil, fmt.Errorf("processors::%s: %w", name, err)
		}
		if err := c.predictable(); err != nil {
			return nil, fmt.Errorf("processors::%s: taskerload cannot tell what must come out:\n%w", name, err)
		}
		return &c, nil
	}
	return nil, errors.New("no processor named namespace_sampler or namespacesampler")
}

var envReference = regexp.MustCompile(`\$\{env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}`)

// expandEnv puts in what ${env:NAME} and ${env:NAME:-default} stand for, as the collector does when it loads the file.
func expandEnv(content []byte) []byte {
	return envReference.ReplaceAllFunc(content, func(reference []byte) []byte {
		parts := envReference.FindSubmatch(reference)
		if value, ok := os.LookupEnv(string(parts[1])); ok {
			return []byte(value)
		}
		return parts[2]
	})
}

// predictable refuses what the expectations here do not model: a wrong expectation would blame the collector.
func (c *samplerConfig) predictable() error {
	var errs []error
	refuse := func(when bool, what string) {
		if when {
			errs = append(errs, errors.New("  "+what))
		}
	}
	a := c.Namespace.Attributes
	refuse(len(a) > 1 || len(a) == 1 && a[0] != namespaceAttribute, "namespace::attributes: only [namespace]")
	refuse(c.sampler() != parentBased && c.sampler() != traceIDRatio, "tracing::sampler: only parent_based and trace_id_ratio")
	refuse(c.Tracing.Mode != "" && c.Tracing.Mode != "equalizing", "tracing::mode: only equalizing")
	refuse(isFalse(c.Tracing.Enabled), "tracing::enabled: only true")
	refuse(len(c.Tracing.AlwaysKeep) > 0, "tracing::always_keep: only without conditions")
	refuse(c.Tracing.Priority, "tracing::honor_priority: only false")
	refuse(len(c.Spans.Internal.Match) > 0, "spans::internal::match: only without conditions")
	refuse(isFalse(c.Metrics.Enabled), "metrics::enabled: only true")
	refuse(len(c.Metrics.Detailed.Match) > 0, "metrics::detailed::match: only without conditions")
	refuse(c.Metrics.By != "" && c.Metrics.By != "series", "metrics::by: only series")
	refuse(c.DryRun, "dry_run: only false")
	lookups, _ := c.Postgres["lookups"].([]any)
	refuse(len(lookups) > 0, "postgres::lookups: only those of the layout")
	refuse(c.Postgres["overrides"] != nil, "postgres::overrides: only without runtime overrides")
	refuse(c.Postgres["layout"] == "none", "postgres::layout: only tasker and tasker_legacy")
	refuse(orElse(c.Telemetry.MaxNamespaces, maxNamespaces) < len(namespaceShares)+1,
		fmt.Sprintf("telemetry::max_namespaces: at least the %d of the load", len(namespaceShares)+1))
	for _, set := range []overrides{c.Namespaces, c.Tracing.Namespaces, c.Metrics.Namespaces} {
		for name := range set {
			refuse(strings.ContainsAny(name, "*?"), fmt.Sprintf("namespaces::%s: only exact names", name))
		}
	}
	all := c.rates()
	for _, key := range slices.Sorted(maps.Keys(all)) {
		rate := all[key]
		refuse(rate != nil && !validRate(*rate), fmt.Sprintf("%s: must be 0 or between 2^-56 and 1, got %v", key, orElse(rate, 0)))
	}
	digits := c.precision()
	refuse(digits < 1 || digits > sampling.NumHexDigits, fmt.Sprintf("tracing::sampling_precision: 1 to 14, got %d", digits))
	return errors.Join(errs...)
}

// Defaults of the processor.
const (
	maxTraces     = 100_000
	maxNamespaces = 200
)

// fitsMemory says that every trace is remembered until all of it has come, where spans of a trace come in many requests.
func (c *samplerConfig) fitsMemory(s sizes) error {
	limit := orElse(c.Tracing.Memory.MaxTraces, maxTraces)
	if n := tracesFor(s.spans); s.cut && c.sampler() == parentBased && n > limit {
		return fmt.Errorf("%d traces that are cut do not fit in tracing::trace_memory::max_traces, %d: "+
			"taskerload cannot tell what must come out", n, limit)
	}
	return nil
}

func (c *samplerConfig) sampler() string { return cmp.Or(c.Tracing.Sampler, parentBased) }

func (c *samplerConfig) rates() map[string]*float64 {
	all := map[string]*float64{
		"sample_rate":                    c.SampleRate,
		"tracing::sample_rate":           c.Tracing.SampleRate,
		"metrics::detailed::sample_rate": c.Metrics.Detailed.SampleRate,
	}
	for key, set := range map[string]overrides{
		"namespaces": c.Namespaces, "tracing::namespaces": c.Tracing.Namespaces, "metrics::namespaces": c.Metrics.Namespaces,
	} {
		for name, rate := range set {
			all[key+"::"+name] = &rate
		}
	}
	return all
}

// validRate also refuses NaN.
func validRate(rate float64) bool {
	return rate == 0 || rate >= sampling.MinSamplingProbability && rate <= 1
}

func isFalse(b *bool) bool { return b != nil && !*b }

func orElse[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
