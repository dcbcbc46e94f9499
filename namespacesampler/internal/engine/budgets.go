// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// observeBudgets registers the metrics of budgets, which runtime overrides can bring at any time.
func (e *Engine) observeBudgets() error {
	t := e.telemetry
	return errors.Join(
		t.RegisterProcessorNamespaceSamplerBudgetSampleRateCallback(func(_ context.Context, o metric.Float64Observer) error {
			e.eachBudgeted(func(b *budgeted, option metric.ObserveOption) { o.Observe(b.rate, option) })
			return nil
		}),
		t.RegisterProcessorNamespaceSamplerBudgetArrivalsCallback(func(_ context.Context, o metric.Float64Observer) error {
			e.eachBudgeted(func(b *budgeted, option metric.ObserveOption) { o.Observe(b.arrived, option) })
			return nil
		}),
		t.RegisterProcessorNamespaceSamplerBudgetGuardedIntervalsCallback(func(_ context.Context, o metric.Int64Observer) error {
			for signal, n := range e.steering.Rates.Budgets().Guarded() {
				o.Observe(n, signalOptions[rate.Signal(signal)])
			}
			return nil
		}))
}

// budgeted is what internal metrics show of a namespace with a budget.
type budgeted struct{ rate, arrived float64 }

// eachBudgeted calls a function for each value of the attribute sampling_namespace that namespaces with a budget have, by signal.
func (e *Engine) eachBudgeted(observe func(*budgeted, metric.ObserveOption)) {
	book, tables := e.steering.Rates.Budgets(), e.steering.Rates.InForce()
	for _, s := range []rate.Signal{rate.Traces, rate.Logs} {
		shown := map[string]*budgeted{}
		for _, name := range book.Names(string(s)) {
			m := tables.Of(s).Peek(name)
			if m.Share == nil { // it had a budget until just now
				continue
			}
			value := e.common.Labels.Shown(name)
			b, ok := shown[value]
			if !ok {
				b = &budgeted{rate: 1}
				shown[value] = b
			}
			b.rate = min(b.rate, m.Probability)
			b.arrived += book.Read(m.Share).ArrivedPerSecond
		}
		for value, b := range shown {
			observe(b, metric.WithAttributeSet(attribute.NewSet(
				attribute.String("sampling_namespace", value), attribute.String("signal", string(s)))))
		}
	}
}
