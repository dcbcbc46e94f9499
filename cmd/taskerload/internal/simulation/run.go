// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"math"
	"math/rand/v2"

	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
)

// run is a simulation that runs.
type run struct {
	settings   Settings
	shape      Shape
	budget     budget.Budget
	from       presampled
	random     *rand.Rand
	collectors []*collector
	weights    []float64
	owed       []float64 // fractions of traces of namespaces, if there is no noise
	departed   []departed
	answer     *budget.Answer // about the last interval, which is in force in the next but one
	adopted    *budget.Answer // that is in force
}

// departed is a collector that has left. Its last arrivals count as long as it may be alive (B6).
type departed struct {
	own      map[string]budget.Arrivals
	interval int // the first without it
}

// alive is the number of intervals for which a collector counts that is no longer there.
const alive = 2

// Run simulates a shape of traffic.
func Run(settings Settings, shape Shape) (*Result, error) {
	r := &run{settings: settings, shape: shape}
	if err := r.start(); err != nil {
		return nil, err
	}
	result := &Result{Settings: settings, Shape: shape, Rows: make([]Row, settings.Intervals)}
	for i := range result.Rows {
		if err := r.interval(i, &result.Rows[i]); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// start makes the run ready for its first interval.
func (r *run) start() (err error) {
	if err := r.settings.Validate(); err != nil {
		return err
	}
	r.random = rand.New(rand.NewPCG(r.settings.Seed, 19))
	r.weights, r.owed = r.shape.weights(), make([]float64, r.shape.Namespaces)
	r.budget = budget.Budget{
		Items: r.settings.items(), IsShared: r.shape.Namespaces > 1, MinRate: r.settings.MinRate, InitialRate: r.settings.InitialRate,
	}
	r.from, err = newPresampled(r.settings.Presampled)
	return err
}

// interval simulates an interval.
func (r *run) interval(number int, row *Row) error {
	r.populate(number)
	for _, c := range r.collectors {
		c.begin(r.shape.Namespaces)
	}
	parts := r.settings.parts(len(r.collectors))
	traces := r.traces(number)
	for i, namespace := range traces {
		at := (float64(i) + 0.5) / float64(len(traces))
		if r.settings.HasNoise || len(r.weights) > 1 {
			at = r.random.Float64()
		}
		which := 0
		for parts[which] <= at {
			which++
		}
		if err := r.collectors[which].sample(namespace, r.settings.SpansPerTrace, r.from, r.random, row); err != nil {
			return err
		}
	}
	row.Collectors = len(r.collectors)
	for _, c := range r.collectors {
		row.Halvings = max(row.Halvings, c.guards[0].Halvings())
	}
	row.Rate = r.collectors[0].states[0].rate
	if row.Arrived > 0 {
		row.Rate = row.rates / row.Arrived
	}
	r.advance(number)
	return nil
}

// populate lets collectors join and leave at the start of an interval.
func (r *run) populate(number int) {
	n := r.settings.live(number)
	for len(r.collectors) < n {
		c := &collector{controller: budget.NewController(r.budget)}
		if r.adopted != nil {
			c.controller.Adopt(r.adopted)
		}
		r.collectors = append(r.collectors, c)
	}
	for _, c := range r.collectors[n:] {
		r.departed = append(r.departed, departed{c.own, number})
	}
	r.collectors = r.collectors[:n]
}

// traces returns the namespaces of the traces that arrive in an interval.
func (r *run) traces(number int) (traces []int) {
	total := r.settings.Arrivals * r.settings.Interval.Seconds() * r.shape.level(number) / float64(r.settings.SpansPerTrace)
	for namespace, weight := range r.weights {
		for range r.number(namespace, total*weight) {
			traces = append(traces, namespace)
		}
	}
	if len(r.weights) > 1 {
		r.random.Shuffle(len(traces), func(i, j int) { traces[i], traces[j] = traces[j], traces[i] })
	}
	return traces
}

// number returns the number of traces of a namespace in an interval.
func (r *run) number(namespace int, mean float64) (n int) {
	if r.settings.HasNoise {
		for at := r.random.ExpFloat64(); at < mean; at += r.random.ExpFloat64() {
			n++
		}
		return n
	}
	whole := math.Floor(r.owed[namespace] + mean + 1e-9)
	r.owed[namespace] += mean - whole
	return int(whole)
}

// advance ends an interval. The sums of a fleet are known in the middle of the next one, and the rates that follow from them are in force from the
// one after that.
func (r *run) advance(number int) {
	sums := map[string]budget.Arrivals{}
	add := func(own map[string]budget.Arrivals) {
		for name, a := range own {
			sum := sums[name]
			sum.Merge(a)
			sums[name] = sum
		}
	}
	count := len(r.collectors)
	for _, d := range r.departed {
		if number < d.interval+alive {
			add(d.own)
			count++
		}
	}
	answer := r.answer
	if answer != nil {
		answer.Before = r.before()
	}
	r.adopted = answer
	for _, c := range r.collectors {
		own := c.end(r.settings.SpansPerTrace, r.from)
		add(own)
		c.controller.Advance(int64(number), own, answer)
	}
	if r.settings.isFleet() {
		r.answer = &budget.Answer{Number: int64(number), Arrivals: sums, Collectors: count}
	}
}

// before returns the rates that are in force as the arrivals of the last interval are added up.
func (r *run) before() map[string]float64 {
	rates := map[string]float64{}
	for i, s := range r.collectors[0].states {
		rates[names[i]] = s.rate
	}
	return rates
}
