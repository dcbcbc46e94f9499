// SPDX-License-Identifier: Apache-2.0

package rate

import "time"

// MaxNameBytes is the maximum length of a namespace that an override names, or that is read from Postgres. Names in telemetry may be
// longer.
const MaxNameBytes = 1024

// Signal is the telemetry that an override applies to. Its values are those of the table of runtime overrides.
type Signal string

// Signals.
const (
	All     Signal = "all"
	Traces  Signal = "traces"
	Metrics Signal = "metrics"
	Logs    Signal = "logs"
)

// Signals are the signals that have a rate of their own.
var Signals = []Signal{Traces, Metrics, Logs}

// Source is where the rate of a namespace is defined.
type Source string

// Sources, in order of precedence.
const (
	RuntimeOverride Source = "runtime_override"
	SignalOverride  Source = "signal_override"
	SharedOverride  Source = "shared_override"
	SignalGlobal    Source = "signal_global"
	SharedGlobal    Source = "global"
)

// Override replaces the global rate for a namespace, or for all namespaces that match a pattern. It is comparable.
type Override struct {
	// Key is the name of a namespace, or a pattern.
	Key         string
	Signal      Signal
	Source      Source
	Probability float64
	// ItemsPerSecond is the budget that the rate follows from, if it is above 0. Probability has no meaning then.
	ItemsPerSecond float64
	// Until is when the override expires; zero means never.
	Until time.Time

	// Reason, UpdatedBy and UpdatedAt are set for runtime overrides only.
	Reason, UpdatedBy string
	UpdatedAt         time.Time
}

// OverrideID uniquely identifies an override.
type OverrideID struct {
	Source Source
	Signal Signal
	Key    string
}

// ID returns the identity of the override.
func (o *Override) ID() OverrideID { return OverrideID{o.Source, o.Signal, o.Key} }

// IsExpired reports whether the override has expired.
func (o *Override) IsExpired(now time.Time) bool { return !o.Until.IsZero() && !now.Before(o.Until) }
