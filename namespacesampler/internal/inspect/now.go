// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/recent"
)

// Collector is the process that answers.
type Collector struct {
	// Component is the name of the processor in the configuration. Service, Version and InstanceID are those of the collector.
	Component  string `json:"component"`
	Service    string `json:"service"`
	Version    string `json:"version"`
	InstanceID string `json:"instance_id"`
	Host       string `json:"host"`
	// StartedAt is when the process began. Counts are since CountingSince. Reloaded means that the configuration was loaded again since the process
	// began, so that counts began anew.
	StartedAt     time.Time `json:"started_at"`
	CountingSince time.Time `json:"counting_since"`
	Reloaded      bool      `json:"reloaded"`
}

// Sampling is how items are sampled, in short: /config has all of it.
type Sampling struct {
	Sampler string `json:"sampler"`
	Mode    string `json:"mode"`
	// Attributes hold the namespace of an item. Lookups hold keys that are looked up in Postgres for an item without one.
	Attributes []string `json:"attributes"`
	Lookups    []string `json:"lookups"`
	// OnFailure is what happens to items whose namespace cannot be looked up; null without Postgres.
	OnFailure *string `json:"on_failure"`
}

// Globals are the rates of namespaces without an override.
type Globals struct {
	Traces  Rate `json:"traces"`
	Metrics Rate `json:"metrics"`
	Logs    Rate `json:"logs"`
}

// Now is what happens to the items of all namespaces.
type Now struct {
	// Seconds is the length of the window that recent rates are of.
	Seconds float64 `json:"seconds"`
	// IntervalSeconds is the length of the intervals in the history of signals.
	IntervalSeconds float64   `json:"interval_seconds"`
	Traces          NowSignal `json:"traces"`
	Metrics         NowSignal `json:"metrics"`
	Logs            NowSignal `json:"logs"`
}

// NowSignal is what happens to the items of a signal, in items a second: in the window, and in each of the last intervals, the latest last.
type NowSignal struct {
	recent.PerSecond
	History recent.Line `json:"history"`
}

// now returns what happens to all items.
func (v *View) now(w *recent.Window) Now {
	lines := v.Recent.Lines()
	n := Now{Seconds: w.Seconds, IntervalSeconds: recent.Interval.Seconds()}
	for signal, of := range [...]*NowSignal{labels.Spans: &n.Traces, labels.DataPoints: &n.Metrics, labels.LogRecords: &n.Logs} {
		s := labels.Signal(signal)
		of.PerSecond, of.History = w.Total(s), lines[signal]
	}
	return n
}

// sampling returns how items are sampled.
func (v *View) sampling() Sampling {
	s := Sampling{
		Sampler: v.Static.Tracing.Sampler, Mode: v.Static.Tracing.Mode, Attributes: v.Static.Namespace.Attributes, Lookups: []string{},
	}
	if pg := v.Static.Postgres; pg != nil {
		s.Lookups, s.OnFailure = pg.Lookups, &pg.OnFailure
	}
	return s
}

// globals returns the rates of namespaces without an override.
func (v *View) globals() Globals {
	tables := v.Steering.Rates.InForce()
	return Globals{Traces: v.global(tables.Traces), Metrics: v.global(tables.Metrics), Logs: v.global(tables.Logs)}
}
