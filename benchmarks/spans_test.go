// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"fmt"
	"maps"

	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/filterprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/probabilisticsamplerprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/transformprocessor"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
)

// ours returns the processor at rate 0.1. keys are added to the configuration. Like the floor, it keeps all of keptNamespace.
func ours(keys settings) spanProcessor {
	all := settings{"sample_rate": 0.1, "namespaces": settings{keptNamespace: 1}}
	maps.Copy(all, keys)
	return spanProcessor{name: "ours", factory: namespacesampler.NewFactory(), keys: all}
}

// named returns the processor under another name.
func (p spanProcessor) named(name string) spanProcessor {
	p.name = name
	return p
}

// bySpan returns settings that decide each span by the rate of its own namespace.
func bySpan() settings { return settings{"tracing": settings{"sampler": "trace_id_ratio"}} }

// probabilisticSampler returns the peer that samples by trace ID, at 10 percent. It reads no namespace.
func probabilisticSampler(mode string) spanProcessor { return probabilisticSamplerAt(mode, 10) }

func probabilisticSamplerAt(mode string, percent float64) spanProcessor {
	return spanProcessor{
		name: "probabilistic_sampler_" + mode, factory: probabilisticsamplerprocessor.NewFactory(),
		keys: settings{"sampling_percentage": percent, "mode": mode},
	}
}

// filter returns the peer that drops the spans of a number of namespaces by OTTL conditions.
func filter(namespaces int) spanProcessor {
	conditions := make([]any, namespaces)
	for i := range conditions {
		conditions[i] = fmt.Sprintf(`span.attributes["namespace"] == "namespace-%d"`, i)
	}
	return spanProcessor{
		name: fmt.Sprintf("filter_%d", namespaces), factory: filterprocessor.NewFactory(),
		keys: settings{"trace_conditions": conditions},
	}
}

// transform returns the peer that writes attributes by OTTL statements. It writes the same namespace to every span.
func transform() spanProcessor {
	return spanProcessor{
		name: "transform", factory: transformprocessor.NewFactory(),
		keys: settings{"trace_statements": []any{`set(span.attributes["namespace"], "namespace-1")`}},
	}
}
