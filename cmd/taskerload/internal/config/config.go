// SPDX-License-Identifier: Apache-2.0

// Package config reads from a collector's configuration file what the processor must do.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// Values of tracing::sampler.
const (
	ParentBased  = "parent_based"
	TraceIDRatio = "trace_id_ratio"
)

// Processor is the part of the processor's configuration that decides the outcome.
type Processor struct {
	id string // the processor's type and name

	Namespace struct {
		Attributes    []string  `yaml:"attributes"`
		MissingValues *[]string `yaml:"missing_values"`
		WriteTo       string    `yaml:"write_to"`
		Inherit       *bool     `yaml:"inherit"`
	} `yaml:"namespace"`
	SampleRate *float64  `yaml:"sample_rate"`
	Namespaces overrides `yaml:"namespaces"`
	Consistent []string  `yaml:"consistent_by"`
	Tracing    struct {
		Enabled    *bool     `yaml:"enabled"`
		Sampler    string    `yaml:"sampler"`
		Mode       string    `yaml:"mode"`
		Precision  *int      `yaml:"sampling_precision"`
		SampleRate *float64  `yaml:"sample_rate"`
		Namespaces overrides `yaml:"namespaces"`
		AlwaysKeep []any     `yaml:"always_keep"`
		KeepTraces []string  `yaml:"always_keep_traces"`
		Priority   bool      `yaml:"honor_priority"`
		Memory     struct {
			MaxTraces *int `yaml:"max_traces"`
		} `yaml:"trace_memory"`
		Hold struct {
			Wait     string `yaml:"wait"`
			MaxSpans *int   `yaml:"max_spans"`
		} `yaml:"hold"`
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
		Remainder  struct {
			Enabled    bool     `yaml:"enabled"`
			Without    []string `yaml:"without"`
			MaxSeries  *int     `yaml:"max_series"`
			MaxTracked *int     `yaml:"max_tracked"`
		} `yaml:"remainder"`
	} `yaml:"metrics"`
	Logs struct {
		Enabled    *bool     `yaml:"enabled"`
		SampleRate *float64  `yaml:"sample_rate"`
		Namespaces overrides `yaml:"namespaces"`
		AlwaysKeep []any     `yaml:"always_keep"`
	} `yaml:"logs"`
	DryRun    bool           `yaml:"dry_run"`
	Postgres  map[string]any `yaml:"postgres"`
	Telemetry struct {
		MaxNamespaces *int `yaml:"max_namespaces"`
	} `yaml:"telemetry"`
}

// Read reads the first namespace_sampler of a collector's configuration file, with the settings applied to it.
func Read(path string, settings ...Setting) (*Processor, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, err := parse(content, settings...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func parse(content []byte, settings ...Setting) (*Processor, error) {
	// A yaml.Node keeps the order of the keys.
	var file struct {
		Processors yaml.Node `yaml:"processors"`
	}
	if err := yaml.Unmarshal(expandEnv(content), &file); err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(file.Processors.Content); i += 2 {
		id := file.Processors.Content[i].Value
		kind, _, _ := strings.Cut(id, "/")
		if kind != "namespace_sampler" && kind != "namespacesampler" {
			continue
		}
		section, err := apply(settings, file.Processors.Content[i+1])
		if err != nil {
			return nil, fmt.Errorf("processors::%s: %w", id, err)
		}
		p := Processor{id: id}
		if err := section.Decode(&p); err != nil {
			return nil, fmt.Errorf("processors::%s: %w", id, err)
		}
		if err := p.validate(); err != nil {
			return nil, fmt.Errorf("processors::%s: taskerload cannot predict the outcome:\n%w", id, err)
		}
		return &p, nil
	}
	return nil, errors.New("no processor of type namespace_sampler or namespacesampler")
}

var envReference = regexp.MustCompile(`\$\{env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}`)

// expandEnv replaces ${env:NAME} and ${env:NAME:-default} as the collector does.
func expandEnv(content []byte) []byte {
	return envReference.ReplaceAllFunc(content, func(reference []byte) []byte {
		parts := envReference.FindSubmatch(reference)
		if value, ok := os.LookupEnv(string(parts[1])); ok {
			return []byte(value)
		}
		return parts[2]
	})
}

// Oracle returns what the oracle needs to know.
func (p *Processor) Oracle() oracle.Config {
	return oracle.Config{
		SpanRates:     p.spanRates(),
		PointRates:    p.pointRates(),
		RecordRates:   p.recordRates(),
		RatePerTrace:  p.Sampler() == ParentBased,
		ByWorkflow:    p.ByWorkflow(),
		Precision:     p.precision(),
		MissingValues: orElse(p.Namespace.MissingValues, []string{"", "unknown"}),
		Lookups:       p.Postgres != nil,
		KeepOnFailure: p.Postgres["on_failure"] == "keep",
		Inherit:       !isFalse(p.Namespace.Inherit),

		KeepFailedTraces: p.KeepsFailedTraces(),
		Hold:             p.HoldWait() > 0,

		Remainder: p.HasRemainder(),
		Without:   p.without(),
	}
}

// HasRemainder reports whether dropped data points are added up.
func (p *Processor) HasRemainder() bool { return p.Metrics.Remainder.Enabled }

// without returns the attributes that remainders do not carry.
func (p *Processor) without() []string {
	if own := p.Metrics.Remainder.Without; len(own) > 0 {
		return own
	}
	without := slices.Clone(p.Consistent)
	if p.Postgres != nil {
		without = append(without, oracle.LookupAttributes()...)
	}
	return without
}

// KeepsFailedTraces reports whether traces with a failed span are kept whole.
func (p *Processor) KeepsFailedTraces() bool { return len(p.Tracing.KeepTraces) > 0 }

// ByWorkflow reports whether whole workflows are kept.
func (p *Processor) ByWorkflow() bool { return len(p.Consistent) > 0 }

// HoldWait is the value of tracing::hold::wait, which validate has checked.
func (p *Processor) HoldWait() time.Duration {
	wait, _ := time.ParseDuration(cmp.Or(p.Tracing.Hold.Wait, "0"))
	return wait
}

// Sampler is the value of tracing::sampler.
func (p *Processor) Sampler() string { return cmp.Or(p.Tracing.Sampler, ParentBased) }

// Layout is the layout of Tasker's tables.
func (p *Processor) Layout() taskerdb.Layout {
	if p.Postgres["layout"] == string(taskerdb.LayoutLegacy) {
		return taskerdb.LayoutLegacy
	}
	return taskerdb.LayoutTasker
}

func (p *Processor) precision() int { return orElse(p.Tracing.Precision, 4) }

func (p *Processor) spanRates() oracle.Rates {
	return p.rates(p.Tracing.SampleRate, p.Tracing.Namespaces)
}

func (p *Processor) pointRates() oracle.Rates {
	rates := p.rates(p.Metrics.Detailed.SampleRate, p.Metrics.Namespaces)
	if isFalse(p.Metrics.Detailed.Enabled) {
		rates.Global = 0
	}
	return rates
}

func (p *Processor) recordRates() oracle.Rates {
	return p.rates(p.Logs.SampleRate, p.Logs.Namespaces)
}

// RecordsFollow reports whether log records are kept exactly if the spans of their trace are: all spans of a trace have one rate, and
// records have the same rates as spans.
func (p *Processor) RecordsFollow() bool {
	spans, records := p.spanRates(), p.recordRates()
	return p.Sampler() == ParentBased && spans.Global == records.Global && maps.Equal(spans.Exact, records.Exact)
}

// rates combines the shared rates with those of a signal, which take precedence.
func (p *Processor) rates(own *float64, ownExact overrides) oracle.Rates {
	rates := oracle.Rates{
		Global: orElse(own, orElse(p.SampleRate, 1)), Exact: map[string]float64{},
		OwnGlobal: own != nil, OwnExact: map[string]bool{},
	}
	maps.Copy(rates.Exact, p.Namespaces)
	for name, rate := range ownExact {
		rates.Exact[name], rates.OwnExact[name] = rate, true
	}
	return rates
}

func isFalse(b *bool) bool { return b != nil && !*b }

func orElse[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
