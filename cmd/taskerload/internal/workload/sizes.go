// SPDX-License-Identifier: Apache-2.0

// Package workload generates the telemetry of a Tasker site, and fills the database that the site would have.
//
// Everything is derived from a [Sizes] and its seed: the same sizes give the same tasks, identifiers and attributes in
// every run. Only timestamps differ, and the instances of the processes that export growing series. [Sizes.NewTasks] makes the tasks,
// [SpanRounds], [PointRequests], [Sizes.GrowingRequests] and [RecordRequests] the OTLP requests, and [Seed] writes the tasks to Postgres.
package workload

import (
	"errors"
	"fmt"
)

// Sizes of the load.
type Sizes struct {
	Spans, DataPoints, Series, Records, Tasks int
	Seed                                      uint64
	Cut                                       bool // send each trace in several requests

	// Workflows is the number of workflows. If it is positive, they are the load, and only the seed counts besides.
	Workflows int
}

// Validate reports sizes that no load can have. Errors name the command-line flag.
func (s Sizes) Validate() error {
	switch {
	case s.Workflows < 0:
		return errors.New("--workflows: must not be negative")
	case s.Workflows > 0 && s.Cut:
		return errors.New("--cut: the traces of workflows are always sent whole")
	case s.Workflows > 0:
		return nil
	case s.Tasks < 1:
		return errors.New("--tasks: must be at least 1")
	case s.Spans < 0 || s.DataPoints < 0 || s.Series < 0 || s.Records < 0:
		return errors.New("--spans, --datapoints, --series, --records: must not be negative")
	case s.DataPoints > 0 && s.Series < 1:
		return errors.New("--series: must be at least 1 to send data points")
	case s.Series > maxSeriesPerTask*s.Tasks:
		return fmt.Errorf("--series: must be at most %d for each of the %d tasks, which have no attributes for more",
			maxSeriesPerTask, s.Tasks)
	}
	return nil
}

const maxSeriesPerTask = 8

// NewTasks makes the tasks of the load.
func (s Sizes) NewTasks() []Task {
	if s.Workflows > 0 {
		return newWorkflows(s.Seed, s.Workflows)
	}
	return NewTasks(s.Seed, s.Tasks)
}

// Traces is the number of traces that hold the spans.
func (s Sizes) Traces() int { return (s.Spans + spansPerTrace - 1) / spansPerTrace }
