// SPDX-License-Identifier: Apache-2.0

package inspect

import "time"

// The types below are an explicit list of fields that are safe to show. Nothing else of the configuration is passed to this
// package, so that nothing must be redacted.

// Config is the answer of /config: what is in force, in the structure of Tasker's configuration.
type Config struct {
	Common Common `json:"common"`
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

// Namespaces is the answer of /namespaces: every namespace that was seen, is registered, or is configured.
type Namespaces struct {
	Namespaces []Row `json:"namespaces"`
	// Overrides are all overrides in force, including those that others take precedence over.
	Overrides []Override `json:"overrides"`
	// Budgets are the budgets in force, with what arrived and was kept in the last intervals.
	Budgets []BudgetHistory `json:"budgets"`
	// DryRun means that nothing is dropped or changed; the counts show what would be.
	DryRun bool `json:"dry_run"`
	// Enabled shows for each signal whether it is enabled.
	Enabled Enabled `json:"enabled"`
	// None are the items without a namespace. Other are the items of namespaces beyond the bound, which have no rows of their own.
	None  None `json:"none"`
	Other Sums `json:"other"`
	// Registry is null if registered namespaces are not read.
	Registry *Registry `json:"registry"`
	State    State     `json:"state"`
	// Problems are those that have occurred since start.
	Problems []Problem `json:"problems"`
}

// Enabled shows for each signal whether it is enabled. All items of a disabled signal are dropped.
type Enabled struct {
	Traces  bool `json:"traces"`
	Metrics bool `json:"metrics"`
	Logs    bool `json:"logs"`
}

// Override is an override in force.
type Override struct {
	Key    string `json:"key"`    // a name, or a pattern
	Signal string `json:"signal"` // all, traces, metrics or logs
	// SampleRate is null if ItemsPerSecond is set.
	SampleRate     *float64   `json:"sample_rate"`
	ItemsPerSecond float64    `json:"items_per_second,omitempty"`
	Source         string     `json:"source"`
	ExpiresAt      *time.Time `json:"expires_at"`
	// Runtime overrides only: the reason, the author and the time.
	Reason    string     `json:"reason,omitempty"`
	UpdatedBy string     `json:"updated_by,omitempty"`
	UpdatedAt *time.Time `json:"updated_at,omitempty"`
}

// Row is one namespace.
type Row struct {
	Name string `json:"name"`
	// Cut means that Name is truncated. Other names may begin alike: the counts are those of all of them, the rates those of the
	// first one seen.
	Cut bool `json:"cut,omitempty"`
	// Registered is null if it is not known.
	Registered *bool `json:"registered"`
	// Configured reports whether there is an override for exactly this name.
	Configured bool       `json:"configured"`
	LastSeen   *time.Time `json:"last_seen"`
	Signals
}

// Signals are the rates of a namespace, and the counts of its items.
type Signals struct {
	Traces  Signal `json:"traces"`
	Metrics Signal `json:"metrics"`
	Logs    Signal `json:"logs"`
}

// Signal is the rate of a namespace for one signal, and the counts of its items since start.
type Signal struct {
	Rate
	Counts
}

// Rate is the rate in force.
type Rate struct {
	// SampleRate is lowered by the guard of a budget.
	SampleRate float64 `json:"sample_rate"`
	Rule       string  `json:"rule"`
	// Pattern is the pattern that matches if Rule is pattern.
	Pattern   string     `json:"pattern,omitempty"`
	Source    string     `json:"source"`
	ExpiresAt *time.Time `json:"expires_at"`
	// Budget is what SampleRate follows from. It is absent without one.
	Budget *Budget `json:"budget,omitempty"`
}

// Counts are numbers of items kept and dropped.
type Counts struct {
	Kept    int64 `json:"kept"`
	Dropped int64 `json:"dropped"`
}

// None are the items without a namespace, with their rates.
type None struct {
	LastSeen *time.Time `json:"last_seen"`
	Signals
}

// Sums are the counts of several namespaces.
type Sums struct {
	LastSeen *time.Time `json:"last_seen"`
	Traces   Counts     `json:"traces"`
	Metrics  Counts     `json:"metrics"`
	Logs     Counts     `json:"logs"`
}

// Registry shows how current the registered namespaces are.
type Registry struct {
	ReadAt *time.Time `json:"read_at"` // of the last successful read
	Error  *string    `json:"error"`   // of the last read
}

// State is the state of what the processor depends on. Fields are null if not in use.
type State struct {
	Postgres *PostgresState `json:"postgres"`
	Cache    *CacheState    `json:"cache"`
	Breaker  *BreakerState  `json:"breaker"`
	Hold     *HoldState     `json:"hold"`
	// Remainder is null without one.
	Remainder *RemainderState `json:"remainder"`
	// RuntimeOverrides shows how current the runtime overrides are.
	RuntimeOverrides *RuntimeOverrides `json:"runtime_overrides"`
	// Fleet shows how current the rates are that budgets have in the fleet.
	Fleet *FleetState `json:"fleet"`
}

// FleetState shows how the table of the fleet was used.
type FleetState struct {
	AnsweredAt *time.Time `json:"answered_at"` // last answer; until the first one, budgets are for this collector alone
	Error      *string    `json:"error"`       // of the last use
	// Collectors is the number of collectors that share budgets, as the last answer said.
	Collectors int `json:"collectors"`
}

// RuntimeOverrides shows how the table of runtime overrides was read.
type RuntimeOverrides struct {
	ReadAt   *time.Time `json:"read_at"` // of the last successful read
	Error    *string    `json:"error"`   // of the last read
	Rejected int        `json:"rejected"`
	// RejectedRows are the skipped rows, at most 100 of them.
	RejectedRows []RejectedRow `json:"rejected_rows"`
}

// RejectedRow is a skipped row of the table, with the reason.
type RejectedRow struct {
	Namespace string `json:"namespace"`
	Signal    string `json:"signal"`
	Error     string `json:"error"`
}

// PostgresState shows whether Postgres answered the last request, and since when that has been so. Both are null before the first
// request.
type PostgresState struct {
	Reachable *bool      `json:"reachable"`
	Since     *time.Time `json:"since"`
}

// CacheState is the state of the cache of keys.
type CacheState struct {
	Entries    int `json:"entries"`
	MaxEntries int `json:"max_entries"`
}

// RemainderState is what dropped data points add up to, and what is remembered for it.
type RemainderState struct {
	Series    int `json:"series"`
	MaxSeries int `json:"max_series"`
	// Tracked are the numbers that are remembered of dropped cumulative series.
	Tracked    int `json:"tracked"`
	MaxTracked int `json:"max_tracked"`
	// Forgotten are the series whose numbers were forgotten for others since the start.
	Forgotten int64 `json:"forgotten"`
}

// HoldState is the number of spans that are held.
type HoldState struct {
	Spans    int64 `json:"spans"`
	MaxSpans int   `json:"max_spans"`
}

// BreakerState is closed, open or half_open.
type BreakerState struct {
	State string `json:"state"`
}
