// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"math"
	"strings"
)

// Shape is how traffic changes in time. Its lowest level, but for silence, is that of Settings.Arrivals.
type Shape struct {
	Name string
	// Event is the interval in which traffic changes, in intervals from the start, or 0 if there is no such interval.
	Event int
	// Stationary is the interval from which on traffic stays as it is, or -1.
	Stationary int
	// Namespaces is the number of namespaces. More than one share the budget, and their traffic follows Zipf's law.
	Namespaces int
	// level is the factor of the traffic in an interval.
	level func(interval int) float64
}

const (
	event    = 20 // the interval in which traffic changes, if it changes once
	rampEnd  = 60
	period   = 20 // of on-off
	day      = 80 // intervals of diurnal
	spike    = 20
	peak     = 10 // of ramp and diurnal
	zipfians = 1000
)

// Shapes are all shapes.
var Shapes = []Shape{
	{Name: "steady", Namespaces: 1, level: func(int) float64 { return 1 }},
	step("step-up-10", 1, 10),
	step("step-up-100", 1, 100),
	step("step-down-10", 10, 1),
	step("step-down-100", 100, 1),
	{Name: "spike", Event: event, Stationary: -1, Namespaces: 1, level: func(i int) float64 {
		if i == event {
			return spike
		}
		return 1
	}},
	{Name: "ramp", Stationary: rampEnd, Namespaces: 1, level: func(i int) float64 {
		return 1 + (peak-1)*min(max(float64(i-event)/(rampEnd-event), 0), 1)
	}},
	{Name: "on-off", Stationary: -1, Namespaces: 1, level: func(i int) float64 { return float64(1 - i/(period/2)%2) }},
	{Name: "zipf", Namespaces: zipfians, level: func(int) float64 { return 1 }},
	{Name: "diurnal", Stationary: -1, Namespaces: 1, level: func(i int) float64 {
		return 1 + (peak-1)*(1-math.Cos(2*math.Pi*float64(i)/day))/2
	}},
}

func step(name string, before, after float64) Shape {
	return Shape{Name: name, Event: event, Stationary: event, Namespaces: 1, level: func(i int) float64 {
		if i < event {
			return before
		}
		return after
	}}
}

// ShapesOf returns the shape of a name, or all of them.
func ShapesOf(name string) ([]Shape, error) {
	names := make([]string, 0, len(Shapes))
	for _, s := range Shapes {
		if s.Name == name {
			return []Shape{s}, nil
		}
		names = append(names, s.Name)
	}
	if name == "all" {
		return Shapes, nil
	}
	return nil, fmt.Errorf("--shape %q: must be all, %s", name, strings.Join(names, ", "))
}

// weights returns the part of each namespace in the traffic.
func (s *Shape) weights() []float64 {
	weights, sum := make([]float64, s.Namespaces), 0.0
	for i := range weights {
		weights[i] = 1 / float64(i+1)
		sum += weights[i]
	}
	for i := range weights {
		weights[i] /= sum
	}
	return weights
}
