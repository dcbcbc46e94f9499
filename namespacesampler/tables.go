// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// signal says what an override is for.
type signal string

// Signals, as the table of runtime overrides has them.
const (
	signalAll     signal = "all"
	signalTraces  signal = "traces"
	signalMetrics signal = "metrics"
)

// override is a rate in place of the global one, with all that is known of it. It is comparable.
type override struct {
	rate.Override
	signal signal
	source rate.Source
	// Of runtime overrides: why, by whom and when.
	reason, updatedBy string
	updatedAt         time.Time
}

// overrideID is what an override is the only one of.
type overrideID struct {
	source rate.Source
	signal signal
	key    string
}

func (o *override) id() overrideID { return overrideID{o.source, o.signal, o.Key} }

// tables are the rates of both signals at a time. They are immutable; those that follow them are others.
type tables struct {
	spans, points *rate.Table
	overrides     []override // in force
}

// names returns the namespaces that overrides name.
func (t *tables) names() []string { return append(t.spans.Names(), t.points.Names()...) }

// end returns when the first override ends, zero for never.
func (t *tables) end() time.Time {
	end := t.spans.Ends()
	if other := t.points.Ends(); end.IsZero() || !other.IsZero() && other.Before(end) {
		end = other
	}
	return end
}

// ends returns when those overrides end that do, by key.
func (t *tables) ends() map[string]time.Time {
	ends := map[string]time.Time{}
	for i := range t.overrides {
		if o := &t.overrides[i]; !o.Until.IsZero() {
			ends[o.Key] = o.Until
		}
	}
	return ends
}

// configured returns the overrides of a section of the configuration.
func configured(s signal, listed []rate.Override) (overrides []override) {
	source := rate.SignalOverride
	if s == signalAll {
		source = rate.SharedOverride
	}
	for _, o := range listed {
		overrides = append(overrides, override{Override: o, signal: s, source: source})
	}
	return overrides
}

// bySignal returns overrides as rate tables take them.
func bySignal(overrides []override) map[signal][]rate.Override {
	lists := map[signal][]rate.Override{}
	for i := range overrides {
		lists[overrides[i].signal] = append(lists[overrides[i].signal], overrides[i].Override)
	}
	return lists
}

// stillInForce returns the overrides that are not over.
func stillInForce(overrides []override, now time.Time) (left []override) {
	for i := range overrides {
		if !overrides[i].IsOver(now) {
			left = append(left, overrides[i])
		}
	}
	return left
}
