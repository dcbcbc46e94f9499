// SPDX-License-Identifier: Apache-2.0

// Package rate holds sampling rates: one probability and threshold each, and the tables that map namespaces to rates.
package rate

import (
	"errors"
	"fmt"
	"math"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
)

// Rate is a sampling probability with everything that a decision needs, computed once (T2).
type Rate struct {
	// Probability is in [0, 1].
	Probability float64
	// Threshold is the rejection threshold: an item is kept if its randomness is not below it.
	Threshold sampling.Threshold
	// GroupThreshold is the threshold for items of a group: that of spans, so that a group is kept or dropped with all its signals (G6).
	GroupThreshold sampling.Threshold
	// Tracestate is "ot=th:…", the tracestate of a kept span that arrived with none; empty at rates 0 and 1.
	Tracestate string
	// TValue is the threshold in hexadecimal digits without trailing zeros; empty at rates 0 and 1.
	TValue string
}

// Always is rate 1: everything is kept, and nothing is changed.
var Always = Rate{Probability: 1, Threshold: sampling.AlwaysSampleThreshold, GroupThreshold: sampling.AlwaysSampleThreshold}

// Never is rate 0.
var Never = Rate{Probability: 0, Threshold: sampling.NeverSampleThreshold, GroupThreshold: sampling.NeverSampleThreshold}

// New returns the rate of a probability in [0, 1]. Its threshold is rounded to precision hexadecimal digits (1 to 14; close to 0
// and 1 more digits are used, as the specification requires). The error is that of Validate; the rate is Never then, because the
// zero Rate has the threshold of rate 1, as has the value that the sampling library returns with an error (T3).
func New(probability float64, precision int) (Rate, error) {
	if err := Validate(probability); err != nil {
		return Never, err
	}
	switch probability {
	case 0:
		return Never, nil
	case 1:
		return Always, nil
	}
	threshold, err := sampling.ProbabilityToThresholdWithPrecision(probability, precision)
	if err != nil {
		return Never, fmt.Errorf("sample rate %v: %w", probability, err)
	}
	tvalue := threshold.TValue()
	return Rate{
		Probability:    probability,
		Threshold:      threshold,
		GroupThreshold: threshold,
		TValue:         tvalue,
		Tracestate:     "ot=th:" + tvalue,
	}, nil
}

// newRate returns the rate of a probability in a table.
func (s *Spec) newRate(probability float64) (Rate, error) {
	r, err := New(probability, s.Precision)
	if err != nil || s.GroupPrecision == 0 {
		return r, err
	}
	ofGroups, err := New(probability, s.GroupPrecision)
	r.GroupThreshold = ofGroups.Threshold
	return r, err
}

// IsAlways reports whether the rate is 1.
func (r *Rate) IsAlways() bool { return r.Threshold == sampling.AlwaysSampleThreshold }

// IsNever reports whether the rate is 0.
func (r *Rate) IsNever() bool { return r.Threshold == sampling.NeverSampleThreshold }

// Validate returns an error if a probability is not a valid sample rate; the message says what would be valid (T3).
func Validate(probability float64) error {
	switch {
	case math.IsNaN(probability):
		return errors.New("sample rate must be between 0 and 1, got NaN (not a number)")
	case probability > 1 && probability <= 100: // probably a percentage
		return fmt.Errorf("sample rate must be between 0 and 1, got %v %s", probability, PercentageHint(probability))
	case probability < 0 || probability > 1:
		return fmt.Errorf("sample rate must be between 0 and 1, got %v", probability)
	case probability > 0 && probability < sampling.MinSamplingProbability:
		return fmt.Errorf("sample rate must be 0 or at least 2^-56 (%v), the least that 56 bits of randomness can "+
			"express, got %v", sampling.MinSamplingProbability, probability)
	}
	return nil
}

// PercentageHint tells how to write a percentage as a rate.
func PercentageHint(percentage float64) string {
	return fmt.Sprintf("(for %v %% write %.6g)", percentage, percentage/100)
}
