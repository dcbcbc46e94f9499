// SPDX-License-Identifier: Apache-2.0

// Package simulation sends simulated traffic through simulated collectors that sample it with the rates of internal/budget, interval by interval.
// Time is the number of the interval: nothing waits.
package simulation

import (
	"errors"
	"fmt"
	"time"
)

// Settings are those of a simulation.
type Settings struct {
	// Collectors is the number of collectors at the start. More than one add up what arrives.
	Collectors int
	// Skew is the part of the traffic that the first collector takes. 0 means the same part as the others.
	Skew          float64
	SpansPerTrace int
	// Presampled is the probability that traces have been sampled with before they arrive.
	Presampled float64
	// Budget is in items a second.
	Budget   float64
	Interval time.Duration
	// Arrivals are in items a second, at the lowest level of the shape.
	Arrivals  float64
	Intervals int
	// Joins and Departures are the intervals at whose start a collector joins, or the last one leaves.
	Joins, Departures []int
	// HasNoise reports whether the number of traces is drawn from a Poisson distribution. Otherwise it is the mean.
	HasNoise             bool
	Seed                 uint64
	MinRate, InitialRate float64
}

// Default are the settings unless they are changed.
func Default() Settings {
	return Settings{
		Collectors: 1, SpansPerTrace: 1, Presampled: 1, Budget: 200, Interval: 10 * time.Second, Arrivals: 400, Intervals: 80, HasNoise: true,
		Seed: 1, MinRate: 1e-4, InitialRate: 1,
	}
}

// Validate returns all that is wrong with the settings.
func (s *Settings) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(s.Collectors >= 1 && s.Collectors <= 1000, "--collectors %d: must be between 1 and 1000", s.Collectors)
	check(s.Skew >= 0 && s.Skew <= 1, "--skew %v: must be between 0 and 1", s.Skew)
	check(s.SpansPerTrace >= 1, "--spans-per-trace %d: must be at least 1", s.SpansPerTrace)
	check(s.Presampled >= 1e-6 && s.Presampled <= 1, "--presampled %v: must be between 0.000001 and 1", s.Presampled)
	check(s.Budget > 0, "--budget %v: must be above 0", s.Budget)
	check(s.Interval >= time.Second, "--interval %s: must be at least 1s", s.Interval)
	check(s.Arrivals >= 0, "--arrivals %v: must not be negative", s.Arrivals)
	check(s.Intervals >= 1, "--intervals %d: must be at least 1", s.Intervals)
	check(s.Arrivals*s.Interval.Seconds() <= 1e7, "--arrivals %v: must be at most 10,000,000 in an interval", s.Arrivals)
	for _, i := range append(append([]int{}, s.Joins...), s.Departures...) {
		check(i >= 0, "--joins and --departures: %d: must not be negative", i)
	}
	for _, i := range s.Departures {
		check(s.live(i) >= 1, "--departures %d: no collector would be left", i)
	}
	return errors.Join(errs...)
}

// live returns the number of collectors in an interval.
func (s *Settings) live(interval int) int {
	n := s.Collectors
	for _, i := range s.Joins {
		if i <= interval {
			n++
		}
	}
	for _, i := range s.Departures {
		if i <= interval {
			n--
		}
	}
	return n
}

// isFleet reports whether collectors add up what arrives.
func (s *Settings) isFleet() bool { return s.Collectors > 1 || len(s.Joins) > 0 }

// items returns the budget of an interval.
func (s *Settings) items() float64 { return s.Budget * s.Interval.Seconds() }

// parts returns the parts of n collectors in the traffic, added up.
func (s *Settings) parts(n int) []float64 {
	first := s.Skew
	if first == 0 || n == 1 {
		first = 1 / float64(n)
	}
	parts := make([]float64, n)
	for i := range parts {
		parts[i] = first + (1-first)*float64(i)/float64(max(n-1, 1))
	}
	parts[n-1] = 1
	return parts
}
