// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"time"

	"go.opentelemetry.io/collector/config/configoptional"
)

// TracingConfig configures the sampling of spans.
type TracingConfig struct {
	// Enabled is false if all spans are dropped.
	Enabled bool `mapstructure:"enabled"`
	// Sampler is parent_based or trace_id_ratio.
	Sampler Sampler `mapstructure:"sampler"`
	// Mode is equalizing or proportional.
	Mode Mode `mapstructure:"mode"`
	// SamplingPrecision is the number of hexadecimal digits of thresholds, 1 to 14.
	SamplingPrecision int `mapstructure:"sampling_precision"`
	// SampleRate is the global rate of spans. It replaces the one for all signals.
	SampleRate *float64 `mapstructure:"sample_rate"`
	// Budget is shared by all namespaces without an override. It is in place of SampleRate.
	Budget configoptional.Optional[BudgetConfig] `mapstructure:"budget"`
	// Namespaces are overrides for spans. They take precedence over those for all signals.
	Namespaces Overrides `mapstructure:"namespaces"`
	// AlwaysKeep are OTTL conditions on spans. A span that matches any of them is kept at any rate.
	AlwaysKeep Conditions `mapstructure:"always_keep"`
	// AlwaysKeepTraces are OTTL conditions on spans. The trace of a span that matches any of them is kept at any rate. It needs
	// parent_based.
	AlwaysKeepTraces Conditions `mapstructure:"always_keep_traces"`
	// HonorPriority lets the sampling.priority attribute of spans decide.
	HonorPriority bool `mapstructure:"honor_priority"`
	// TraceMemory bounds the memory of the rates of traces. It applies to parent_based.
	TraceMemory TraceMemoryConfig `mapstructure:"trace_memory"`
	// Hold sets spans aside until their trace has a namespace. It needs parent_based.
	Hold HoldConfig `mapstructure:"hold"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Sampler is the unit of span sampling.
type Sampler string

const (
	// ParentBased samples all spans of a trace at one rate.
	ParentBased Sampler = "parent_based"
	// TraceIDRatio samples each span at the rate of its own namespace.
	TraceIDRatio Sampler = "trace_id_ratio"
)

// Mode is how a rate combines with earlier sampling.
type Mode string

const (
	// Equalizing brings spans down to the rate. Spans that arrive sampled at the rate or below are kept as they are.
	Equalizing Mode = "equalizing"
	// Proportional samples what arrives at the rate, whatever it was sampled at before.
	Proportional Mode = "proportional"
)

// TraceMemoryConfig bounds the memory of the rates of traces.
type TraceMemoryConfig struct {
	// MaxTraces is the maximum number of traces remembered.
	MaxTraces int `mapstructure:"max_traces"`
	// TTL is how long a trace is remembered after its last spans.
	TTL time.Duration `mapstructure:"ttl"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// HoldConfig bounds the spans that are set aside until their trace has a namespace.
type HoldConfig struct {
	// Wait is how long the spans of a trace are held. 0 means that none are.
	Wait time.Duration `mapstructure:"wait"`
	// MaxSpans is the maximum number of spans held.
	MaxSpans int `mapstructure:"max_spans"`

	// prevent unkeyed literal initialization
	_ struct{}
}
