// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Tables are the rates of all signals at one time. They are immutable.
type Tables struct {
	Traces, Metrics, Logs *rate.Table
	// Overrides are the overrides that have not expired, configured ones first, including those that others take precedence over.
	Overrides []rate.Override
}

// Of returns the table of a signal.
func (t *Tables) Of(s rate.Signal) *rate.Table {
	switch s {
	case rate.Metrics:
		return t.Metrics
	case rate.Logs:
		return t.Logs
	default:
		return t.Traces
	}
}

// all returns the tables of all signals.
func (t *Tables) all() []*rate.Table { return []*rate.Table{t.Traces, t.Metrics, t.Logs} }

// Names returns the namespaces that have an override of their own.
func (t *Tables) Names() (names []string) {
	for _, table := range t.all() {
		names = append(names, table.Names()...)
	}
	return names
}

// Expiries returns when overrides expire, by key.
func (t *Tables) Expiries() map[string]time.Time {
	expiries := map[string]time.Time{}
	for i := range t.Overrides {
		if o := &t.Overrides[i]; !o.Until.IsZero() {
			expiries[o.Key] = o.Until
		}
	}
	return expiries
}

// nextExpiry returns when the first override expires; zero means never.
func (t *Tables) nextExpiry() (next time.Time) {
	for _, table := range t.all() {
		if end := table.NextExpiry(); next.IsZero() || !end.IsZero() && end.Before(next) {
			next = end
		}
	}
	return next
}

// unexpired returns the overrides that have not expired.
func unexpired(overrides []rate.Override, now time.Time) (left []rate.Override) {
	for i := range overrides {
		if !overrides[i].IsExpired(now) {
			left = append(left, overrides[i])
		}
	}
	return left
}

// hasEnd reports whether any of the overrides has an end, past or future.
func hasEnd(overrides []rate.Override) bool {
	for i := range overrides {
		if !overrides[i].Until.IsZero() {
			return true
		}
	}
	return false
}
