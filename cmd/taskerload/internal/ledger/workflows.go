// SPDX-License-Identifier: Apache-2.0

package ledger

// Workflows counts the spans, data points and log records of each workflow, by correlation ID.
type Workflows map[string]*Workflow

// Workflow is what was sent and what arrived of a workflow.
type Workflow struct {
	Parts     map[Part]*Count
	Overruled bool // another sampler has decided about one of its traces or log records, and not as for the rest
}

// Part identifies the items of a workflow that one rate decides about. Most workflows have one part.
type Part struct {
	Namespace string
	Rate      float64
}

// Count is a number of items.
type Count struct{ Sent, Arrived int }

// AddTraces counts the spans of traces.
func (w Workflows) AddTraces(traces Traces) {
	for _, t := range traces {
		if t.Workflow == "" {
			continue
		}
		one := w.of(t.Workflow)
		one.Overruled = one.Overruled || t.Overruled
		one.add(Part{t.Namespace, t.Rate}, t.Sent, t.Arrived)
	}
}

func (w Workflows) of(workflow string) *Workflow {
	if w[workflow] == nil {
		w[workflow] = &Workflow{Parts: map[Part]*Count{}}
	}
	return w[workflow]
}

func (w *Workflow) add(p Part, sent, arrived int) {
	if w.Parts[p] == nil {
		w.Parts[p] = &Count{}
	}
	w.Parts[p].Sent += sent
	w.Parts[p].Arrived += arrived
}

// Kept reports whether anything arrived.
func (c *Count) Kept() bool { return c.Arrived > 0 }

// Complete reports whether everything arrived.
func (c *Count) Complete() bool { return c.Arrived == c.Sent }
