// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

const (
	growingSeries  = 300
	growingExports = 5
	restartAt      = 3 // the export before which some processes restart
)

// growth is what a series has counted in units at its first export, and at those after it. It does not grow in one of them.
var growth = [growingExports]int64{1, 2, 2, 5, 9}

// lateExports are the first exports of the series that appear late.
var lateExports = [...]int{1, 2, 4}

// growingSince is for how long the processes have run that export growing series: far longer than the collector.
const growingSince = 365 * 24 * time.Hour

// growing is a counter or a histogram that is exported several times.
type growing struct {
	series
	first    int  // the export in which it appears
	restarts bool // the process restarts
	isFast   bool // after a restart it counts more than it had counted before
}

// GrowingRequests returns requests with counters and histograms that grow, to be sent one after the other: five exports of each of several
// processes. Some series appear late, and every other process restarts, which its series show by a later start and most of them by a lower
// value. The instances are new in each run, so that a collector knows none of their series. All numbers are exact as floating-point numbers.
func (s Sizes) GrowingRequests(tasks []Task, start time.Time) []pmetric.Metrics {
	if s.Workflows > 0 || s.DataPoints == 0 {
		return nil
	}
	processes := growingProcesses(tasks, s.Seed, start)
	var requests []pmetric.Metrics
	for export := range growingExports {
		for _, all := range processes {
			var part []series
			var readings []reading
			for _, g := range all {
				if g.first <= export {
					part = append(part, g.series)
					readings = append(readings, g.read(export, start))
				}
			}
			requests = append(requests, pointRequest(part, func(*series) (r reading) {
				r, readings = readings[0], readings[1:]
				return r
			}))
		}
	}
	return requests
}

// growingProcesses returns the growing series of each process, as exporters send them.
func growingProcesses(tasks []Task, seed uint64, start time.Time) (processes [][]growing) {
	rng := newStream(seed, streamGrowing)
	run := "-" + strconv.FormatInt(start.UnixNano(), 36)
	instances := map[*service]*service{}
	seen := map[string]bool{}
	var all []series
	for i := range growingSeries {
		one := newRequestSeries(rng, pickInstrument(rng), &tasks[i%len(tasks)])
		if seen[one.id()] {
			continue
		}
		seen[one.id()] = true
		if instances[one.service] == nil {
			instance := *one.service
			instance.instance += run
			instances[one.service] = &instance
		}
		one.service = instances[one.service]
		all = append(all, one)
	}
	sortSeries(all)
	for i := range all {
		if i == 0 || all[i-1].service != all[i].service {
			processes = append(processes, nil)
		}
		last := len(processes) - 1
		g := growing{series: all[i], restarts: last%2 == 1, isFast: rng.IntN(4) == 0}
		if rng.IntN(3) == 0 {
			g.first = pick(rng, lateExports[:]...)
		}
		processes[last] = append(processes[last], g)
	}
	return processes
}

// read returns what the series reports at an export.
func (g *growing) read(export int, start time.Time) reading {
	at := func(export int) time.Time { return start.Add(time.Duration(export+1) * exportInterval) }
	r := reading{g.unit() * growth[export-g.first], start.Add(-growingSince), at(export)}
	if g.restarts && export >= restartAt {
		r.start = at(restartAt - 1).Add(time.Second)
		r.value = g.unit() * growth[export-max(g.first, restartAt)]
		if g.isFast {
			r.value *= growth[growingExports-1]
		}
	}
	return r
}
