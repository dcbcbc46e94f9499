// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/recent"
)

// Namespaces is the answer of /namespaces: every namespace that was seen, is registered, or is configured.
type Namespaces struct {
	Namespaces []Row `json:"namespaces"`
	// Overrides are all overrides in force, including those that others take precedence over.
	Overrides []Override `json:"overrides"`
	// Budgets are the budgets in force, with what arrived and was kept in the last intervals.
	Budgets []BudgetHistory `json:"budgets"`
	// Changes are the last changes of overrides, the newest first.
	Changes []Change `json:"changes"`
	// Collector is the process that answers, Sampling how it samples, and Global are the rates of namespaces without an override.
	Collector Collector `json:"collector"`
	Sampling  Sampling  `json:"sampling"`
	Global    Globals   `json:"global"`
	// Now is what happens to all items.
	Now Now `json:"now"`
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
	// Problems are those of now first, then those that have occurred since the start.
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
	// Superseded are the signals for which another override of the same key, or a runtime override that matches it, applies instead.
	Superseded []string `json:"superseded,omitempty"`
	// Unmatched means that no registered namespace matches. DidYouMean is the registered namespace that is most like it.
	Unmatched  bool   `json:"unmatched,omitempty"`
	DidYouMean string `json:"did_you_mean,omitempty"`
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

// Signal is the rate of a namespace for one signal, and the counts of its items since start. Recent are those of the last seconds, as a rate; it is
// absent if there were none.
type Signal struct {
	Rate
	Counts
	Recent *recent.PerSecond `json:"recent,omitempty"`
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
	Traces   Sum        `json:"traces"`
	Metrics  Sum        `json:"metrics"`
	Logs     Sum        `json:"logs"`
}

// Sum is the number of items of a signal, as in Signal.
type Sum struct {
	Counts
	Recent *recent.PerSecond `json:"recent,omitempty"`
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
	// Lookups are the lookups by attribute, and whether Postgres refuses them.
	Lookups []LookupState `json:"lookups"`
}

// LookupState is the state of a lookup. RefusedSince and Error are null while it works.
type LookupState struct {
	Attribute    string     `json:"attribute"`
	RefusedSince *time.Time `json:"refused_since"`
	Error        *string    `json:"error"`
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
	// Table is the name of the table in SQL.
	Table    string     `json:"table"`
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
	// DidYouMean is the registered namespace that is most like it, if it is not registered itself.
	DidYouMean string `json:"did_you_mean,omitempty"`
}

// PostgresState shows whether Postgres answered the last request, and since when that has been so. Both are null before the first
// request.
type PostgresState struct {
	Reachable *bool      `json:"reachable"`
	Since     *time.Time `json:"since"`
	// UnavailableKeys are the keys that could not be looked up since then; 0 while it is reachable.
	UnavailableKeys int64 `json:"unavailable_keys"`
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
