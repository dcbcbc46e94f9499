// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// What follows is all that can be seen: an explicit list of fields that are safe to show. Nothing else of the configuration gets here,
// so there is nothing to redact.

// Config is the answer of /config: what is in force, in the shape of Tasker's own configuration.
type Config struct {
	Common Common `json:"common"`
}

// Common is the section that all of Tasker's processes share.
type Common struct {
	Telemetry Telemetry `json:"telemetry"`
}

// Telemetry is what the processor does.
type Telemetry struct {
	Enabled   bool      `json:"enabled"`
	DryRun    bool      `json:"dry_run"`
	Namespace Namespace `json:"namespace"`
	Tracing   Tracing   `json:"tracing"`
	Metrics   Metrics   `json:"metrics"`
	Spans     Spans     `json:"spans"`
	// Postgres is null where the attributes alone decide.
	Postgres *Postgres `json:"postgres"`
}

// Namespace says where the namespace of an item is found.
type Namespace struct {
	Attributes    []string `json:"attributes"`
	MissingValues []string `json:"missing_values"`
}

// Tracing is about spans.
type Tracing struct {
	Enabled           bool   `json:"enabled"`
	Sampler           string `json:"sampler"`
	Mode              string `json:"mode"`
	SamplingPrecision int    `json:"sampling_precision"`
	// SampleRate is that of namespaces without an override; Namespaces are all overrides that apply to spans.
	SampleRate    float64            `json:"sample_rate"`
	Namespaces    map[string]float64 `json:"namespaces"`
	AlwaysKeep    []string           `json:"always_keep"`
	HonorPriority bool               `json:"honor_priority"`
}

// Metrics is about data points.
type Metrics struct {
	Enabled  bool     `json:"enabled"`
	Detailed Detailed `json:"detailed"`
	// Namespaces are all overrides that apply to data points.
	Namespaces   map[string]float64 `json:"namespaces"`
	By           string             `json:"by"`
	RescaleDelta bool               `json:"rescale_delta"`
	Exemplars    string             `json:"exemplars"`
}

// Detailed is about the metrics that rates apply to.
type Detailed struct {
	Enabled bool `json:"enabled"`
	// SampleRate is the one that was inherited or set, also while Enabled is false and namespaces without an override have 0.
	SampleRate float64  `json:"sample_rate"`
	Match      []string `json:"match"`
}

// Spans is about spans of a kind.
type Spans struct {
	Internal Internal `json:"internal"`
}

// Internal is about spans of internal operations.
type Internal struct {
	Enabled bool     `json:"enabled"`
	Match   []string `json:"match"`
}

// Postgres is about the resolution of namespaces. Where the database is, and who asks it, is nobody's business here.
type Postgres struct {
	Layout    string   `json:"layout"`
	Lookups   []string `json:"lookups"` // the attributes that keys are taken from
	Wait      string   `json:"wait"`
	OnFailure string   `json:"on_failure"`
}

// Namespaces is the answer of /namespaces: every namespace that was seen, is registered, or is configured.
type Namespaces struct {
	Namespaces []Row `json:"namespaces"`
	// Overrides are those in force, also where others win over them.
	Overrides []Override `json:"overrides"`
	// DryRun means that nothing is dropped or changed: what is shown is what would be.
	DryRun bool `json:"dry_run"`
	// Enabled says of each signal whether any of it leaves.
	Enabled Enabled `json:"enabled"`
	// None are the items without a namespace. Other are those of namespaces beyond the bound, which have no row of their own.
	None  Sums `json:"none"`
	Other Sums `json:"other"`
	// Registry is null where registered namespaces are not read.
	Registry *Registry `json:"registry"`
	State    State     `json:"state"`
}

// Enabled says of each signal whether it is enabled: where it is not, all of it is dropped, whatever the rates.
type Enabled struct {
	Traces  bool `json:"traces"`
	Metrics bool `json:"metrics"`
}

// Override is a rate in place of the global one.
type Override struct {
	Key        string     `json:"key"`    // a name, or a pattern
	Signal     string     `json:"signal"` // all, traces or metrics
	SampleRate float64    `json:"sample_rate"`
	Source     string     `json:"source"`
	ExpiresAt  *time.Time `json:"expires_at"`
	// Of runtime overrides: why, and by whom.
	Reason    string     `json:"reason,omitempty"`
	UpdatedBy string     `json:"updated_by,omitempty"`
	UpdatedAt *time.Time `json:"updated_at,omitempty"`
}

// Row is one namespace.
type Row struct {
	Name string `json:"name"`
	// Cut means that Name is the beginning of a longer name. Others may begin so too: the counts are of all of them, the rates of the
	// one that was seen first.
	Cut bool `json:"cut,omitempty"`
	// Registered is null where nobody knows.
	Registered *bool `json:"registered"`
	// Configured reports whether an override names it exactly.
	Configured bool       `json:"configured"`
	LastSeen   *time.Time `json:"last_seen"`
	Traces     Signal     `json:"traces"`
	Metrics    Signal     `json:"metrics"`
}

// Signal is a namespace's rate for one signal, and what happened to its items since the start.
type Signal struct {
	Rate
	Counts
}

// Rate is the rate in force.
type Rate struct {
	SampleRate float64 `json:"sample_rate"`
	Rule       string  `json:"rule"`
	// Pattern is the pattern that matches, where Rule is pattern.
	Pattern   string     `json:"pattern,omitempty"`
	Source    string     `json:"source"`
	ExpiresAt *time.Time `json:"expires_at"`
}

// Counts are items that were kept and dropped.
type Counts struct {
	Kept    int64 `json:"kept"`
	Dropped int64 `json:"dropped"`
}

// Sums are the items of no namespace, or of many.
type Sums struct {
	LastSeen *time.Time `json:"last_seen"`
	Traces   Counts     `json:"traces"`
	Metrics  Counts     `json:"metrics"`
}

// Registry says how current the registered namespaces are.
type Registry struct {
	ReadAt *time.Time `json:"read_at"` // of the last good read
	Error  *string    `json:"error"`   // of the last read
}

// State is that of what the processor relies on. What is not in use is null.
type State struct {
	Postgres *PostgresState `json:"postgres"`
	Cache    *CacheState    `json:"cache"`
	Breaker  *BreakerState  `json:"breaker"`
	// RuntimeOverrides says how current the table of runtime overrides is.
	RuntimeOverrides *RuntimeOverrides `json:"runtime_overrides"`
}

// RuntimeOverrides says how the table of runtime overrides was read.
type RuntimeOverrides struct {
	ReadAt   *time.Time `json:"read_at"` // of the last good read
	Error    *string    `json:"error"`   // of the last read
	Rejected int        `json:"rejected"`
	// RejectedRows are rows that are skipped, not all where there are very many.
	RejectedRows []RejectedRow `json:"rejected_rows"`
}

// RejectedRow is a row of the table that is skipped, and why.
type RejectedRow struct {
	Namespace string `json:"namespace"`
	Signal    string `json:"signal"`
	Error     string `json:"error"`
}

// PostgresState says whether Postgres answered when it was last asked for anything, and since when that is so. Both are null where it was
// not asked yet.
type PostgresState struct {
	Reachable *bool      `json:"reachable"`
	Since     *time.Time `json:"since"`
}

// CacheState is that of the cache of resolved keys.
type CacheState struct {
	Entries    int `json:"entries"`
	MaxEntries int `json:"max_entries"`
}

// BreakerState is closed, open or half_open.
type BreakerState struct {
	State string `json:"state"`
}

// Question is what /explain is asked.
type Question struct {
	Namespace string // "" for items without one
	Signal    string
	// TraceID and Tracestate are those of a span; HasTraceID is false where only the rate is asked for.
	TraceID    pcommon.TraceID
	HasTraceID bool
	Tracestate string
}

// Signals that a question can be about.
const (
	TracesSignal  = "traces"
	MetricsSignal = "metrics"
)

// Explanation is the answer of /explain.
type Explanation struct {
	Namespace string `json:"namespace"`
	Signal    string `json:"signal"`
	Rate
	// Threshold is in hexadecimal digits without trailing zeros, or never.
	Threshold string `json:"threshold"`
	// Randomness, 14 hexadecimal digits, and Decision, kept or dropped, are null where there is no trace ID.
	Randomness *string `json:"randomness"`
	Decision   *string `json:"decision"`
	// Disabled names the setting by which all items of the signal are dropped, whatever their rate.
	Disabled string `json:"disabled,omitempty"`
	// DryRun means that nothing is dropped: Decision is what would be.
	DryRun bool `json:"dry_run,omitempty"`
	// Fault is what is wrong with the tracestate.
	Fault string `json:"fault,omitempty"`
}
