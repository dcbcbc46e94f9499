// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"cmp"
	"math"
	"slices"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// Growth is how much the processor's own metrics grew during a run. The collector may have been in use before.
type Growth struct{ Before, After *Scrape }

// Sum is the growth of a counter, in total or for one value of a label.
func (g *Growth) Sum(metric, label, value string) float64 {
	return g.After.sum(metric, label, value) - g.Before.sum(metric, label, value)
}

// Total is the growth of a counter over all labels.
func (g *Growth) Total(metric string) int { return int(g.Sum(metric, "", "")) }

// Counters is the growth of a metric that counts items.
func (g *Growth) Counters(metric string) map[oracle.Counter]int {
	counters := g.After.counters(metric)
	for c, n := range g.Before.counters(metric) {
		counters[c] -= n
	}
	return counters
}

// UsedBefore reports whether the processor had seen spans before the run.
func (g *Growth) UsedBefore() bool { return g.Before.sum("spans", "", "") > 0 }

// Keys is the number of keys that the processor looked up, in its cache or in Postgres.
func (g *Growth) Keys() int {
	return int(g.Sum("lookup_keys", "", "") - g.Sum("lookup_keys", "outcome", "malformed"))
}

// LookupDuration returns the mean and the estimated 99th percentile of the lookups in the run, in seconds.
func (g *Growth) LookupDuration() (mean, p99 float64, ok bool) {
	before, after := g.Before.histogram("lookup_duration"), g.After.histogram("lookup_duration")
	count := after.count - before.count
	if count <= 0 {
		return 0, 0, false
	}
	var buckets []bucket
	for bound, cumulative := range after.buckets {
		buckets = append(buckets, bucket{bound, cumulative - before.buckets[bound]})
	}
	slices.SortFunc(buckets, func(a, b bucket) int { return cmp.Compare(a.bound, b.bound) })
	return (after.sum - before.sum) / count, quantile(buckets, 0.99), true
}

// histogram is a histogram added up over all labels.
type histogram struct {
	count, sum float64
	buckets    map[float64]float64 // cumulative counts by upper bound
}

func (s *Scrape) histogram(metric string) histogram {
	total := histogram{buckets: map[float64]float64{}}
	for _, m := range s.metrics[metric] {
		h := m.GetHistogram()
		total.count += float64(h.GetSampleCount())
		total.sum += h.GetSampleSum()
		for _, b := range h.GetBucket() {
			total.buckets[b.GetUpperBound()] += float64(b.GetCumulativeCount())
		}
	}
	return total
}

type bucket struct{ bound, cumulative float64 }

// quantile interpolates linearly within a bucket. Above the last finite bound it returns that bound.
func quantile(buckets []bucket, q float64) float64 {
	if len(buckets) == 0 {
		return math.NaN()
	}
	rank := q * buckets[len(buckets)-1].cumulative
	var below bucket
	for _, b := range buckets {
		if b.cumulative >= rank {
			if math.IsInf(b.bound, 1) || b.cumulative == below.cumulative {
				return below.bound
			}
			return below.bound + (b.bound-below.bound)*(rank-below.cumulative)/(b.cumulative-below.cumulative)
		}
		below = b
	}
	return below.bound
}
