// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
)

// What an explanation does not consider, because it depends on more than the question tells.

// keepers are the conditions that can keep items that the rate drops.
func (w words) keepers() string {
	var keepers []string
	add := func(setting string, conditions []string) {
		if len(conditions) > 0 {
			keepers = append(keepers, setting)
		}
	}
	switch {
	case w.isCertain(labels.Kept) || w.question.Signal == MetricsSignal:
		return ""
	case w.question.Signal == LogsSignal:
		add("logs::always_keep", w.static.Logs.AlwaysKeep)
	default:
		add("tracing::always_keep", w.static.Tracing.AlwaysKeep)
	}
	add("tracing::always_keep_traces", w.static.Tracing.AlwaysKeepTraces)
	if len(keepers) == 0 {
		return ""
	}
	return "Conditions in " + joined(keepers, "or") + " can keep " + w.pronoun() + " nevertheless"
}

// droppers are the conditions that can drop spans that the rate keeps.
func (w words) droppers() string {
	internal := &w.static.Spans.Internal
	if w.question.Signal != TracesSignal || internal.Enabled || len(internal.Match) == 0 || w.isCertain(labels.Dropped) {
		return ""
	}
	return "Conditions in spans::internal::match can drop " + w.pronoun() + " nevertheless"
}

// priority is what the priority of a span can change.
func (w words) priority() string {
	if w.question.Signal != TracesSignal || !w.static.Tracing.HonorPriority || w.by.isKeptTrace() {
		return ""
	}
	can := "keep or drop"
	switch {
	case w.isCertain(labels.Kept):
		can = "drop"
	case w.isCertain(labels.Dropped):
		can = "keep"
	}
	return "The attribute sampling.priority can " + can + " " + w.pronoun() + " nevertheless"
}

// passing are the data points that rates do not apply to.
func (w words) passing() string {
	if w.question.Signal != MetricsSignal || w.isCertain(labels.Kept) {
		return ""
	}
	passing := "Data points without a namespace and without a lookup attribute"
	switch hasMatch := len(w.static.Metrics.Detailed.Match) > 0; {
	case w.asked == "" && hasMatch:
		return passing + ", and those of metrics that no condition in metrics::detailed::match matches, are always kept"
	case w.asked == "":
		return passing + " are always kept"
	case hasMatch:
		return "Data points of metrics that no condition in metrics::detailed::match matches are always kept"
	}
	return ""
}

// unavailable is what becomes of items whose namespace Postgres could not be asked for.
func (w words) unavailable() string {
	pg, verb := w.static.Postgres, ""
	if pg == nil || w.asked != "" || w.by.known.IsNamed() {
		return ""
	}
	switch {
	case pg.OnFailure == "keep" && !w.isCertain(labels.Kept):
		verb = "keeps"
	case pg.OnFailure == "drop" && !w.isCertain(labels.Dropped):
		verb = "drops"
	default:
		return ""
	}
	return "If there is no namespace because Postgres cannot be asked, postgres::on_failure " + verb + " " + w.pronoun()
}

func (w words) dryRun() string {
	if !w.DryRun {
		return ""
	}
	return "As dry_run is set, nothing is really dropped or changed"
}
