// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// series is one time series: an instrument, the service that reports it, and the attributes.
type series struct {
	instrument *instrument
	service    *service
	attributes []attribute
}

// id identifies the series within the load. The attributes of an instrument always have the same order.
func (s *series) id() string {
	var b strings.Builder
	b.WriteString(s.service.name + "\x00" + s.instrument.name)
	for _, a := range s.attributes {
		b.WriteString("\x00" + a.key + "\x00" + a.value)
	}
	return b.String()
}

// newSeries makes n distinct series: first those that every site has, then series of single requests. They are sorted by
// service and metric, as exporters send them.
func newSeries(tasks []Task, seed uint64, n int) []series {
	rng := newStream(seed, streamSeries)
	seen := make(map[string]bool, n)
	all := make([]series, 0, n)
	add := func(s series) {
		if id := s.id(); len(all) < n && !seen[id] {
			seen[id] = true
			all = append(all, s)
		}
	}

	// At most half, so that a small load has series of requests too.
	for range min(4000, n/2) {
		add(sharedSeries(rng, &tasks[rng.IntN(len(tasks))]))
	}
	for i := 0; len(all) < n; i++ {
		add(requestSeries(rng, &tasks[i%len(tasks)]))
	}

	sortSeries(all)
	return all
}

// sharedSeries returns a random series that does not depend on single requests.
func sharedSeries(rng *rand.Rand, t *Task) series {
	if rng.IntN(4) == 0 {
		m := pick(rng, perProcess...)
		// Workers that set a namespace on their resource are left out: their metrics would be sampled.
		return series{m, pick(rng, orchestration, rustWorker, rubyWorker, pythonWorker), m.attributes(rng, t)}
	}
	m := pick(rng, perNamespace...)
	return series{m, m.service, m.attributes(rng, t)}
}

// requestSeries returns a random series of one request.
func requestSeries(rng *rand.Rand, t *Task) series {
	return newRequestSeries(rng, pickInstrument(rng), t)
}

func newRequestSeries(rng *rand.Rand, m *instrument, t *Task) series {
	s := m.service
	if s == nil {
		s = pickWorker(rng, t)
	}
	attributes := m.attributes(rng, t)
	if s.setsNamespace() {
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
	panic("a draw above the sum of the weights")
}

var totalWeight = func() (sum int) {
	for _, m := range perRequest {
		sum += m.weight
	}
	return sum
}()
