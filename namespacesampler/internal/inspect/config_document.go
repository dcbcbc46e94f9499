// SPDX-License-Identifier: Apache-2.0

package inspect

// The types below are an explicit list of fields that are safe to show. Nothing else of the configuration is passed to this
// package, so that nothing must be redacted.

// Config is the answer of /config: what is in force, in the structure of Tasker's configuration.
type Config struct {
	Common Common `json:"common"`
	// Collector is the process whose configuration it is, as in /namespaces.
	Collector Collector `json:"collector"`
}

// Common is the section that all processes of Tasker share.
type Common struct {
	Telemetry Telemetry `json:"telemetry"`
}

// Telemetry is what the processor does.
type Telemetry struct {
	Enabled   bool      `json:"enabled"`
	DryRun    bool      `json:"dry_run"`
	Namespace Namespace `json:"namespace"`
	// ConsistentBy are the attributes whose value is the group of an item.
	ConsistentBy []string `json:"consistent_by"`
	Tracing      Tracing  `json:"tracing"`
	Metrics      Metrics  `json:"metrics"`
	Logs         Logs     `json:"logs"`
	Spans        Spans    `json:"spans"`
	// Budgets show how rates follow from budgets, if there are any.
	Budgets BudgetSettings `json:"budgets"`
	// Postgres is null if the attributes alone decide.
	Postgres *Postgres `json:"postgres"`
}

// Namespace shows where the namespace of an item is found.
type Namespace struct {
	Attributes    []string `json:"attributes"`
	MissingValues []string `json:"missing_values"`
	WriteTo       string   `json:"write_to"`
	Inherit       bool     `json:"inherit"`
}

// Tracing shows the sampling of spans.
type Tracing struct {
	Enabled           bool   `json:"enabled"`
	Sampler           string `json:"sampler"`
	Mode              string `json:"mode"`
	SamplingPrecision int    `json:"sampling_precision"`
	// SampleRate is the rate of namespaces without an override; Namespaces are all overrides that apply to spans.
	SampleRate float64 `json:"sample_rate"`
	// Budget is the number of items a second that namespaces without an override share; null without one.
	Budget     *float64 `json:"budget"`
	Namespaces Rates    `json:"namespaces"`
	AlwaysKeep []string `json:"always_keep"`
	// AlwaysKeepTraces is empty for trace_id_ratio.
	AlwaysKeepTraces []string `json:"always_keep_traces"`
	HonorPriority    bool     `json:"honor_priority"`
	Hold             Hold     `json:"hold"`
}

// Rates are rates by the names and patterns of overrides. That of a budget is the one that it has come to, and null for a pattern, whose namespaces
// have rates of their own.
type Rates map[string]*float64

// BudgetSettings show how the rates of budgets follow what arrives.
type BudgetSettings struct {
	Interval          string  `json:"interval"`
	MinSampleRate     float64 `json:"min_sample_rate"`
	InitialSampleRate float64 `json:"initial_sample_rate"`
}

// Hold shows the bounds of the spans that are held until their trace has a namespace. Wait is 0s if none are.
type Hold struct {
	Wait     string `json:"wait"`
	MaxSpans int    `json:"max_spans"`
}

// Remainder is how dropped data points are added up.
type Remainder struct {
	Enabled    bool     `json:"enabled"`
	Without    []string `json:"without"`
	MaxSeries  int      `json:"max_series"`
	MaxTracked int      `json:"max_tracked"`
}

// Metrics shows the sampling of data points.
type Metrics struct {
	Enabled  bool     `json:"enabled"`
	Detailed Detailed `json:"detailed"`
	// Namespaces are all overrides that apply to data points.
	Namespaces   Rates  `json:"namespaces"`
	By           string `json:"by"`
	RescaleDelta bool   `json:"rescale_delta"`
	Exemplars    string `json:"exemplars"`
	// Remainder are the series that dropped ones are added up in.
	Remainder Remainder `json:"remainder"`
}

// Detailed shows the metrics that rates apply to.
type Detailed struct {
	Enabled bool `json:"enabled"`
	// SampleRate is the configured or inherited rate, even if Enabled is false and namespaces without an override have rate 0.
	SampleRate float64  `json:"sample_rate"`
	Match      []string `json:"match"`
}

// Logs shows the sampling of log records. Mode and precision are those of Tracing.
type Logs struct {
	Enabled bool `json:"enabled"`
	// SampleRate is the rate of namespaces without an override; Namespaces are all overrides that apply to log records.
	SampleRate float64 `json:"sample_rate"`
	// Budget is the number of items a second that namespaces without an override share; null without one.
	Budget     *float64 `json:"budget"`
	Namespaces Rates    `json:"namespaces"`
	AlwaysKeep []string `json:"always_keep"`
}

// Spans shows the handling of particular kinds of spans.
type Spans struct {
	Internal Internal `json:"internal"`
}

// Internal shows the handling of spans of internal operations.
type Internal struct {
	Enabled bool     `json:"enabled"`
	Match   []string `json:"match"`
}

// CustomLayout is the layout that is shown if configured lookups replace it.
const CustomLayout = "custom"

// Postgres shows the resolution of namespaces, without the address of the database and the role.
type Postgres struct {
	Layout    string   `json:"layout"`  // tasker, tasker_legacy, none, or custom
	Lookups   []string `json:"lookups"` // attributes that hold keys
	Wait      string   `json:"wait"`
	OnFailure string   `json:"on_failure"`
	// Fleet reports whether budgets are shared with other collectors.
	Fleet bool `json:"fleet"`
}
