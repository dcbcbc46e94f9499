// SPDX-License-Identifier: Apache-2.0

//go:build !race

// A simulation is arithmetic on one goroutine, which the race detector makes twenty times as slow.

package simulation

import (
	"encoding/xml"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// z is the number of standard deviations that a normal variable is within with a probability of 99.99 %.
const z = 3.891

// stationary is the number of intervals for which traffic stays as it is.
const stationary = 60

// eachCase runs a test for all numbers of collectors, one of which takes half of the traffic, probabilities and sizes of traces. The smallest share
// of the budget is 26 items.
func eachCase(t *testing.T, shapes []Shape, test func(t *testing.T, s Settings, shape Shape)) {
	t.Helper()
	for _, shape := range shapes {
		for _, collectors := range []int{1, 3, 20} {
			for _, presampled := range []float64{1, 0.5, 0.1} {
				for _, spans := range []int{1, 20} {
					s := Default()
					s.Collectors, s.Skew, s.Presampled, s.SpansPerTrace = collectors, 0.5, presampled, spans
					s.Budget, s.Arrivals, s.Intervals = 100, 200, event+stationary+10
					t.Run(fmt.Sprintf("%s/%d collectors/%v/%d spans", shape.Name, collectors, presampled, spans), func(t *testing.T) {
						t.Parallel()
						test(t, s, shape)
					})
				}
			}
		}
	}
}

func simulated(t *testing.T, s Settings, shape Shape) *Result {
	t.Helper()
	r, err := Run(s, shape)
	require.NoError(t, err)
	return r
}

func shapeOf(t *testing.T, name string) Shape {
	t.Helper()
	shapes, err := ShapesOf(name)
	require.NoError(t, err)
	return shapes[0]
}

func (s *Shape) isStep() bool { return s.Event > 0 && s.Stationary >= 0 }

// settled is the interval in which rates have settled after the last change of traffic.
func settled(r *Result) int { return max(r.Shape.Stationary, r.Warm()) + 8 }

func TestAllShapes(t *testing.T) {
	t.Parallel()
	eachCase(t, Shapes, func(t *testing.T, s Settings, shape Shape) {
		switch shape.Name {
		case "ramp":
			s.Intervals = rampEnd + stationary + 10
		case "zipf": // 4,000 traces in an interval: see TestNamespacesOfFewTracesUseMoreThanTheBudget
			s.Budget, s.Arrivals = 200*float64(s.SpansPerTrace), 400*float64(s.SpansPerTrace)
		}
		r := simulated(t, s, shape)
		isUnbiased(t, r, 0)
		for i := range r.Rows {
			assert.LessOrEqual(t, r.Use(i), bound(r, i), "interval %d", i)
		}
		if shape.Stationary >= 0 {
			isUnbiased(t, r, settled(r))
			assert.InDelta(t, 1, r.Mean(settled(r)), 0.05)
		}
		switch {
		case !shape.isStep():
		case shape.level(event) > 1:
			assert.Positive(t, r.Overshoot())
			assert.LessOrEqual(t, r.Overshoot(), 3)
		default:
			assert.Positive(t, r.Recovery())
			assert.LessOrEqual(t, r.Recovery(), 6)
		}
	})
}

// bound is the part of the budget that an interval keeps at most (B5). At the start each collector has the whole budget. Beyond a hundred times the
// budget each doubling of the traffic takes one more step of the guard.
func bound(r *Result, interval int) float64 {
	const parts = 4
	if interval >= r.Warm() {
		return parts
	}
	beyond := max(r.Rows[interval].Arrived/r.Settings.items()/100, 1)
	return float64(r.Settings.Collectors) * (parts + guardStep*math.Log2(beyond))
}

// guardStep is the part of a share at which a guard halves rates again.
const guardStep = 0.25

// isUnbiased checks what is kept from an interval on, and that the adjusted counts add up to what arrived.
func isUnbiased(t *testing.T, r *Result, from int) {
	t.Helper()
	sum := r.Sum(from)
	assert.Positive(t, sum.KeptVariance)
	assert.InDelta(t, sum.Expected, sum.Kept, z*math.Sqrt(sum.KeptVariance), "kept from interval %d on", from)
	assert.InDelta(t, sum.Adjusted, sum.Estimate, z*math.Sqrt(sum.EstimateVariance), "estimated from interval %d on", from)
}

func TestRatesTurnAtMostOnceAfterAStepWithoutNoise(t *testing.T) {
	t.Parallel()
	var steps []Shape
	for _, s := range Shapes {
		if s.isStep() {
			steps = append(steps, s)
		}
	}
	eachCase(t, steps, func(t *testing.T, s Settings, shape Shape) {
		s.HasNoise, s.Intervals = false, event+20
		r := simulated(t, s, shape)
		assert.LessOrEqual(t, r.Turns(event), 1)
		assert.NotEqual(t, r.Rows[event].Rate, r.Rows[len(r.Rows)-1].Rate)
	})
}

func TestASharedBudgetKeepsQuietNamespacesWhole(t *testing.T) {
	t.Parallel()
	s := Default()
	s.Collectors, s.HasNoise, s.Arrivals, s.Budget = 3, false, 20_000, 5000
	shape := shapeOf(t, "zipf")
	r := &run{settings: s, shape: shape}
	require.NoError(t, r.start())
	var row Row
	for i := range 12 {
		row = Row{}
		require.NoError(t, r.interval(i, &row))
	}
	assert.InEpsilon(t, s.items(), row.Expected, 0.02)
	whole, arrived := 0, map[string]float64{}
	for name, a := range r.answer.Arrivals {
		arrived[name] = a.Items()
	}
	level := 0.0 // of the namespaces that are not kept whole
	for i, state := range r.collectors[0].states {
		if state.rate < 1 {
			level = max(level, state.rate*arrived[names[i]])
		}
	}
	for i, state := range r.collectors[0].states {
		if arrived[names[i]] < 0.95*level {
			whole++
			assert.Equal(t, 1.0, state.rate, names[i])
		}
	}
	assert.Greater(t, whole, 500)
	assert.Less(t, whole, zipfians)
}

// The rate of a namespace follows from its last interval, which says little if it has one trace in several of them: it is kept whole when one comes.
func TestNamespacesOfFewTracesUseMoreThanTheBudget(t *testing.T) {
	t.Parallel()
	s := Default()
	s.SpansPerTrace = 20 // 200 traces in an interval
	use := simulated(t, s, shapeOf(t, "zipf")).Mean(8)
	assert.Greater(t, use, 1.05)
	assert.Less(t, use, 1.3)
}

// The rate of a cold start is above the probability that items arrive with. The guard halves from that probability.
func TestAColdStartWithPresampledTracesKeepsFourBudgetsAtMost(t *testing.T) { // B5
	t.Parallel()
	s := Default()
	s.Arrivals, s.Intervals = 100*s.Budget, 2
	for _, presampled := range []float64{1, 0.1, 0.01} {
		s.Presampled = presampled
		assert.LessOrEqual(t, simulated(t, s, shapeOf(t, "steady")).Use(0), 4.0, presampled)
	}
}

func TestCollectorsThatJoinAndLeaveKeepTheBudget(t *testing.T) {
	t.Parallel()
	s := Default()
	s.Collectors, s.Skew, s.Joins, s.Departures = 3, 0.5, []int{20, 30}, []int{45, 60}
	r := simulated(t, s, shapeOf(t, "steady"))
	isUnbiased(t, r, 0)
	assert.Equal(t, 5, r.Rows[30].Collectors)
	assert.Equal(t, 3, r.Rows[60].Collectors)
	for i := r.Warm(); i < len(r.Rows); i++ {
		assert.LessOrEqual(t, r.Use(i), 1.5, "interval %d", i)
		if (i-15)%15 >= 10 || i > 70 { // five intervals after a change
			assert.InDelta(t, 1, r.Use(i), 0.1, "interval %d", i)
		}
	}
}

func TestTheSameSeedGivesTheSameOutput(t *testing.T) {
	t.Parallel()
	s := Default()
	one, other := simulated(t, s, shapeOf(t, "on-off")), simulated(t, s, shapeOf(t, "on-off"))
	assert.Equal(t, one.Table(), other.Table())
	assert.Equal(t, one.SVG(), other.SVG())
	s.Seed++
	assert.NotEqual(t, one.Table(), simulated(t, s, shapeOf(t, "on-off")).Table())
}

func TestTheTableAndThePlotSayWhatHappened(t *testing.T) {
	t.Parallel()
	r := simulated(t, Default(), shapeOf(t, "step-up-10"))
	table := r.Table()
	for _, want := range []string{"step-up-10: budget 200 items/s", "arrivals/s", "mean use of the budget", "1 after the change"} {
		assert.Contains(t, table, want)
	}
	svg := r.SVG()
	require.NoError(t, xml.Unmarshal([]byte(svg), new(struct{})), "it is XML")
	for _, want := range []string{">arrivals<", ">kept<", ">budget<", ">rate<", ">1,000<", ">800<", `class="kept" d="M64 `} {
		assert.Contains(t, svg, want)
	}
}
