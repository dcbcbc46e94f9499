// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"math/rand/v2"
	"strconv"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"

	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
)

// precision is that of thresholds, in hexadecimal digits, which is the default of sampling_precision.
const precision = 4

// collector samples traces as the processor does.
type collector struct {
	controller *budget.Controller
	guards     []*budget.Guard // by namespace; the same one if they share the budget
	states     []state         // by namespace
	own        map[string]budget.Arrivals
}

// state is how a namespace is sampled at the moment.
type state struct {
	rate     float64 // in force, without the guard
	halvings int     // of the guard, that the rest follows from; -1 at the start of an interval
	traces   int     // that arrived in the interval
	chance   float64 // of a trace that arrives
	weight   float64 // 1/probability of one that is kept
	limit    uint64  // a trace is kept if its randomness is not below it
}

// names of the namespaces.
var names = func() (names [zipfians]string) {
	for i := range names {
		names[i] = "namespace-" + strconv.Itoa(i+1)
	}
	return names
}()

// begin begins an interval.
func (c *collector) begin(namespaces int) {
	now := c.controller.InForce()
	c.guards, c.states = make([]*budget.Guard, namespaces), make([]state, namespaces)
	shared := budget.NewGuard(now.ShareOf(names[0]))
	for i := range namespaces {
		c.guards[i] = shared
		c.states[i] = state{rate: now.RateOf(names[i]), halvings: -1}
	}
}

// presampled is what was sampled before it arrives.
type presampled struct {
	probability float64
	limit       uint64 // randomness of traces that arrive is not below it
}

const maxRandomness = 1 << 56

func newPresampled(probability float64) (p presampled, err error) {
	p.limit, p.probability, err = threshold(probability)
	return p, err
}

// threshold returns the threshold of a probability, and the probability that it stands for.
func threshold(probability float64) (limit uint64, rounded float64, err error) {
	t, err := sampling.ProbabilityToThresholdWithPrecision(probability, precision)
	return t.Unsigned(), t.Probability(), err
}

// sample samples a trace that begins. The rate is fixed then.
func (c *collector) sample(namespace, spans int, from presampled, random *rand.Rand, into *Row) error {
	s, guard := &c.states[namespace], c.guards[namespace]
	if halvings := guard.Halvings(); halvings != s.halvings {
		if err := s.lower(guard, halvings, from); err != nil {
			return err
		}
	}
	items := float64(spans)
	expected := items * s.chance
	guard.Add(expected, from.probability)
	s.traces++
	into.Arrived += items
	into.Adjusted += items / from.probability
	into.Expected += expected
	into.rates += items * s.rate
	into.KeptVariance += items * items * s.chance * (1 - s.chance)
	into.EstimateVariance += items * items * s.weight * s.weight * s.chance * (1 - s.chance)
	if from.limit+random.Uint64N(maxRandomness-from.limit) >= s.limit {
		into.Kept += items
		into.Estimate += items * s.weight
	}
	return nil
}

// lower lowers the rate by the halvings of the guard.
func (s *state) lower(guard *budget.Guard, halvings int, from presampled) error {
	limit, probability, err := threshold(guard.Lowered(s.rate, halvings))
	if err != nil {
		return err
	}
	s.halvings, s.limit = halvings, max(limit, from.limit)
	probability = min(probability, from.probability)
	s.chance, s.weight = probability/from.probability, 1/probability
	return nil
}

// end ends an interval and returns what arrived.
func (c *collector) end(spans int, from presampled) map[string]budget.Arrivals {
	c.own = map[string]budget.Arrivals{}
	for i, s := range c.states {
		if s.traces > 0 {
			var a budget.Arrivals
			a.Add(from.probability, float64(s.traces*spans))
			c.own[names[i]] = a
		}
	}
	return c.own
}
