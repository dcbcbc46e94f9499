// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
)

// others is the value of the attribute sampling_namespace that namespaces beyond the bound share. They have no rate in common.
const others = "_other"

// observeSampleRates registers the gauge of the rates in force.
func (e *Engine) observeSampleRates() error {
	return e.telemetry.RegisterProcessorNamespaceSamplerSampleRateCallback(func(_ context.Context, o metric.Float64Observer) error {
		for _, rates := range e.sampleRates() {
			for i, s := range signals {
				if rates.isUsed[i] {
					o.Observe(rates.probabilities[i], metric.WithAttributeSet(attribute.NewSet(
						attribute.String("sampling_namespace", rates.namespace), attribute.String("signal", string(s.signal)))))
				}
			}
		}
		return nil
	})
}

// signals are the signals with the items that labels count of them.
var signals = [...]struct {
	signal rate.Signal
	items  labels.Signal
}{{rate.Traces, labels.Spans}, {rate.Metrics, labels.DataPoints}, {rate.Logs, labels.LogRecords}}

// sampleRates are the rates of a namespace by the index of their signal.
type sampleRates struct {
	namespace     string // as internal metrics show it
	isUsed        [len(signals)]bool
	probabilities [len(signals)]float64
}

// sampleRates returns the rates of namespaces for the signals of which they had items. The order is that of the labels: the SDK bounds the series
// of a metric, and must leave out the same ones each time. Nothing is added to labels or budgets.
func (e *Engine) sampleRates() []sampleRates {
	seen := e.common.Labels.All()
	seen[""] = e.common.Labels.None()
	names := slices.SortedFunc(maps.Keys(seen), func(a, b string) int { return cmp.Compare(seen[a].Index, seen[b].Index) })
	tables := e.steering.Rates.InForce()
	all := make([]sampleRates, 0, len(names))
	places := make(map[string]int, len(names)) // names that are the same once they are cut share one
	for _, name := range names {
		value := e.common.Labels.Shown(name)
		if value == others {
			continue
		}
		place, ok := places[value]
		if !ok {
			place = len(all)
			places[value], all = place, append(all, sampleRates{namespace: value})
		}
		for i, s := range signals {
			if label := seen[name]; label.Kept(s.items)+label.Dropped(s.items) > 0 {
				all[place].add(i, e.probability(tables, s.signal, name))
			}
		}
	}
	return all
}

// add adds a rate of a signal. Of several the lowest one is shown.
func (r *sampleRates) add(signal int, probability float64) {
	if !r.isUsed[signal] || probability < r.probabilities[signal] {
		r.isUsed[signal], r.probabilities[signal] = true, probability
	}
}

// probability returns the rate of a namespace as it is now. A signal that is disabled has the rate 0.
func (e *Engine) probability(tables *steering.Tables, s rate.Signal, namespace string) float64 {
	if !e.isEnabled(s) {
		return 0
	}
	m := tables.Of(s).Peek(namespace)
	return m.Lowered(m.Halvings()).Probability
}

func (e *Engine) isEnabled(s rate.Signal) bool {
	switch s {
	case rate.Metrics:
		return e.cfg.Points.Enabled
	case rate.Logs:
		return e.cfg.Logs.Enabled
	default:
		return e.cfg.Spans.Enabled
	}
}
