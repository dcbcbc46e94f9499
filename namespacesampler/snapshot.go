// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Here is what can be seen of the rates from outside the data's path, as plain values that are safe to keep.

// ratesInForce returns the tables that decide now. They are immutable.
func (rt *runtime) ratesInForce() (spans, points *rate.Table) {
	t := rt.rates.inForce()
	return t.spans, t.points
}

// overrideView is an override that is in force.
type overrideView struct {
	Key        string // a name, or a pattern
	Signal     string // all, traces or metrics
	Source     rate.Source
	SampleRate float64
	Until      time.Time // zero for never
	// Of runtime overrides only.
	Reason, UpdatedBy string
	UpdatedAt         time.Time
}

// overridesInForce returns all overrides that are in force, configured ones and those set at run time, also where others win over
// them.
func (rt *runtime) overridesInForce() []overrideView {
	overrides := rt.rates.inForce().overrides
	views := make([]overrideView, len(overrides))
	for i, o := range overrides {
		views[i] = overrideView{
			Key: o.Key, Signal: string(o.signal), Source: o.source, SampleRate: o.Probability, Until: o.Until,
			Reason: o.reason, UpdatedBy: o.updatedBy, UpdatedAt: o.updatedAt,
		}
	}
	return views
}

// rejectedView is a row of the table of runtime overrides that is skipped.
type rejectedView struct{ Namespace, Signal, Reason string }

// runtimeOverridesView says how the table of runtime overrides was last read.
type runtimeOverridesView struct {
	Enabled  bool
	ReadAt   time.Time // of the last good read; zero for never
	Err      error     // of the last read; nil where it was good
	Rejected []rejectedView
}

func (rt *runtime) runtimeOverridesRead() (view runtimeOverridesView) {
	w := rt.steering.overrides
	if w == nil {
		return view
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	view.Enabled, view.ReadAt, view.Err = true, w.readAt, w.err
	for _, r := range w.rejected {
		view.Rejected = append(view.Rejected, rejectedView{r.namespace, r.signal, r.reason})
	}
	return view
}

// registryView is the namespaces that are registered, and how they were last read.
type registryView struct {
	Enabled bool
	Names   []string  // sorted; shared, not to be changed
	ReadAt  time.Time // of the last good read; zero for never
	Err     error     // of the last read; nil where it was good
}

func (rt *runtime) registered() (view registryView) {
	w := rt.steering.registry
	if w == nil {
		return view
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return registryView{Enabled: true, Names: w.names, ReadAt: w.readAt, Err: w.err}
}
