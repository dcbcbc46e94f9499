// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
)

// Faults are numbers of items with faults of what they tell of earlier sampling.
type Faults [decision.NumFaults]int64

// Count counts an item.
func (f *Faults) Count(fault decision.Fault, isGroupOverruled bool) {
	f[fault]++
	if isGroupOverruled {
		f[decision.GroupOverruled]++
	}
}

// Report adds the numbers to a counter of internal metrics, and to the problems. The kind is that of faults which are told apart only by signal.
func (f *Faults) Report(ctx context.Context, counter metric.Int64Counter, p *problems.Counts, kind problems.Kind) {
	p.Add(kind, f[decision.Malformed]+f[decision.Inconsistent]+f[decision.Limit])
	p.Add(problems.NoRandomness, f[decision.NoRandomness])
	p.Add(problems.GroupOverruled, f[decision.GroupOverruled])
	for _, fault := range decision.Faults {
		if n := f[fault]; n > 0 {
			counter.Add(ctx, n, faultOptions[fault])
		}
	}
}

// faultOptions are the attribute sets of faults.
var faultOptions = func() (options [decision.NumFaults]metric.AddOption) {
	for _, f := range decision.Faults {
		options[f] = metric.WithAttributeSet(attribute.NewSet(attribute.String("fault", f.String())))
	}
	return options
}()
