// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

var lookupOutcomes = []string{"hit", "resolved", "unknown", "unavailable", "malformed"}

// during is what a counter grew by in the run: the collector may have been up for long.
func (r *result) during(metric, label, value string) float64 {
	return r.after.sum(metric, label, value) - r.before.sum(metric, label, value)
}

type bucket struct{ bound, cumulative float64 }

// lookupTimes gives the mean of the lookups of the run and about their 99th percentile, in seconds.
func (r *result) lookupTimes() (mean, p99 float64, ok bool) {
	count := r.during("lookup_duration_count", "", "")
	if count <= 0 {
		return 0, 0, false
	}
	byBound := map[float64]float64{}
	for _, s := range r.after.samples {
		if bound, err := strconv.ParseFloat(s.labels["le"], 64); err == nil && s.metric == "lookup_duration_bucket" {
			byBound[bound] = r.during("lookup_duration_bucket", "le", s.labels["le"])
		}
	}
	var buckets []bucket
	for bound, cumulative := range byBound {
		buckets = append(buckets, bucket{bound, cumulative})
	}
	slices.SortFunc(buckets, func(a, b bucket) int { return cmp.Compare(a.bound, b.bound) })
	return r.during("lookup_duration_sum", "", "") / count, quantile(buckets, 0.99), true
}

// quantile takes the values of a bucket as evenly spread; above the last bound it can only name that bound.
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
