// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/xxh64"
)

// WorkflowAttribute names the attribute with the workflow of an item, its scope or its resource: the only key of consistent_by
// that the load contains.
const WorkflowAttribute = "correlation_id"

// WorkflowRandomness is the randomness of all items of a workflow (G2).
func WorkflowRandomness(workflow string) uint64 { return xxh64.Sum(workflow) >> 8 }

// KeepsWorkflow reports whether a rate keeps the items of a workflow that no other sampler has decided about.
func (o *Oracle) KeepsWorkflow(workflow string, rate float64) bool {
	return threshold(rate, o.config.Precision).Unsigned() <= WorkflowRandomness(workflow)
}

func toRandomness(r uint64) sampling.Randomness {
	randomness, err := sampling.UnsignedToRandomness(r)
	if err != nil {
		panic(err) // it has 56 bits
	}
	return randomness
}

// workflowOf returns the workflow that the attributes name (G1).
func workflowOf(levels ...pcommon.Map) string {
	for _, m := range levels {
		if v, ok := m.Get(WorkflowAttribute); ok && v.Str() != "" {
			return v.Str()
		}
	}
	return ""
}

// sampledBefore reports whether another sampler has decided about a span with this tracestate (G3). In the load, all spans of a
// trace have the same one.
func sampledBefore(raw string) bool {
	state, err := sampling.NewW3CTraceState(raw)
	if err != nil {
		return false
	}
	_, explicit := state.OTelValue().RValueRandomness()
	arriving, stamped := state.OTelValue().TValueThreshold()
	return explicit || stamped && arriving.Unsigned() > 0
}

// hasRandomness reports whether a tracestate sets the randomness of a span.
func hasRandomness(raw string) bool {
	state, err := sampling.NewW3CTraceState(raw)
	if err != nil {
		return false
	}
	_, explicit := state.OTelValue().RValueRandomness()
	return explicit
}

// fixedWorkflow returns the workflow that decides about a trace, if no further lookup can change it: that of the root, else that
// of the first span that has one (G4).
func (r *spanRequest) fixedWorkflow(t *trace) (workflow string, fixed bool) {
	if !r.config.ByWorkflow || t.sampledBefore {
		return "", true
	}
	res := r.first(t, func(res *resolution) bool { return res.workflow != "" || len(res.keys) > 0 })
	return res.workflow, res.workflow != "" || len(res.keys) == 0
}

// missesWorkflow reports whether the span with index i could give its trace the workflow that it lacks.
func (r *spanRequest) missesWorkflow(t *trace, i int) bool {
	_, fixed := r.fixedWorkflow(t)
	return !fixed && r.resolutions[i].workflow == "" &&
		r.canDetermine(t, i, func(res *resolution) bool { return res.workflow != "" })
}
