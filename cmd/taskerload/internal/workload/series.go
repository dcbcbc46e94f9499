// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
)

// series is one time series: an instrument, who reports it, and its attributes.
type series struct {
	instrument *instrument
	service    *service
	attributes []attribute
}

// id tells one series of the load from another. Attributes of one instrument always come in the same order here.
func (s *series) id() string {
	var b strings.Builder
	b.WriteString(s.service.name + "\x00" + s.instrument.name)
	for _, a := range s.attributes {
		b.WriteString("\x00" + a.key + "\x00" + a.value)
	}
	return b.String()
}

// newSeries makes exactly n series: those with few values first, as every site has them, then series per request. They
// come sorted by service and metric, as exporters send them.
func newSeries(tasks []task, seed uint64, n int) []series {
	rng := stream(seed, streamSeries)
	seen := make(map[string]bool, n)
	all := make([]series, 0, n)
	add := func(s series) {
		if id := s.id(); len(all) < n && !seen[id] {
			seen[id] = true
			all = append(all, s)
		}
	}

	// A small load keeps half of its series for requests, or there would be none.
	for range min(4000, n/2) {
		add(sharedSeries(rng, &tasks[rng.IntN(len(tasks))]))
	}
	for i := 0; len(all) < n; i++ {
		add(requestSeries(rng, &tasks[i%len(tasks)]))
	}

	slices.SortStableFunc(all, func(a, b series) int {
		return cmp.Or(cmp.Compare(a.service.name, b.service.name), cmp.Compare(a.instrument.name, b.instrument.name))
	})
	return all
}

// sharedSeries is one of those that do not grow with traffic. Asked often enough, all of them turn up.
func sharedSeries(rng *rand.Rand, t *task) series {
	if rng.IntN(4) == 0 {
		m := pick(rng, health...)
		// Not the workers that set a namespace on their resource: theirs would be detailed.
		return series{m, pick(rng, orchestration, rustWorker, rubyWorker, pythonWorker), m.attributes(rng, t)}
	}
	m := pick(rng, perNamespace...)
	return series{m, m.service, m.attributes(rng, t)}
}

func requestSeries(rng *rand.Rand, t *task) series {
	m := pickInstrument(rng)
	s := m.service
	if s == nil {
		s = (&tracePlan{rng: rng, task: t}).worker()
	}
	attributes := m.attributes(rng, t)
	if s.ownsNamespace() {
		attributes = slices.DeleteFunc(attributes, func(a attribute) bool { return a.key == "namespace" })
	}
	return series{m, s, attributes}
}

func pickInstrument(rng *rand.Rand) *instrument {
	p := rng.IntN(totalWeight)
	for _, m := range perRequest {
		if p -= m.weight; p < 0 {
			return m
		}
	}
	panic("the draw is below the sum of the weights")
}

var totalWeight = func() (sum int) {
	for _, m := range perRequest {
		sum += m.weight
	}
	return sum
}()
