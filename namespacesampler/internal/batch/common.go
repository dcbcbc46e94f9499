// SPDX-License-Identifier: Apache-2.0

// Package batch holds what the walks over spans, data points and log records share: items, the resolution of their namespaces, and the rates and
// counters of those namespaces.
package batch

import (
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Common is what all walks of one configuration share.
type Common struct {
	Reader *namespace.Reader
	Groups *group.Reader
	// Resolver is nil without Postgres. It is set before the first batch.
	Resolver  *namespace.Resolver
	Labels    *labels.Set
	Telemetry *metadata.TelemetryBuilder
	Problems  *problems.Counts
	OnFailure OnFailure
	DryRun    bool
	// ConditionFailed is called when a condition could not be evaluated.
	ConditionFailed func(condition.Failure)
}

// OnFailure is what happens to items that have no namespace because Postgres could not be asked.
type OnFailure uint8

// Values of OnFailure.
const (
	GlobalRate OnFailure = iota // they are sampled at the global rate
	Keep                        // they are kept with probability 1
	Drop                        // they are dropped
)

// Decides reports whether OnFailure decides on an item, and if so, whether it is kept.
func (f OnFailure) Decides(unavailable bool) (decides, keep bool) {
	return unavailable && f != GlobalRate, f == Keep
}

// HighestRate returns the highest rate that an item can be sampled at. What it drops needs no lookup (T14).
func (c *Common) HighestRate(table *rate.Table) *rate.Rate {
	if c.OnFailure == Keep {
		return &rate.Always
	}
	return &table.Highest().Rate
}
