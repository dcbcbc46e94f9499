// SPDX-License-Identifier: Apache-2.0

// Package rate says with which probability a namespace is sampled, and by which rule.
package rate

import (
	"errors"
	"fmt"
	"math"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
)

// Rate is a sampling probability with all that deciding by it needs, computed once (T2).
type Rate struct {
	// Probability is in [0, 1].
	Probability float64
	// Threshold is the rejection threshold: an item is kept when its randomness is not below it.
	Threshold sampling.Threshold
	// Tracestate is that of a kept span that arrived with none, "ot=th:…"; empty at the rates 0 and 1.
	Tracestate string
	// TValue is the threshold as hexadecimal digits without trailing zeros; empty at the rates 0 and 1.
	TValue string
}

// Always is the rate 1: everything is kept, and nothing is touched.
var Always = Rate{Probability: 1, Threshold: sampling.AlwaysSampleThreshold}

// Never is the rate 0.
var Never = Rate{Probability: 0, Threshold: sampling.NeverSampleThreshold}

// New returns the rate of a probability in [0, 1], its threshold rounded to precision hexadecimal digits (1 to 14; more
// are used close to 0 and 1, as the specification has it). The error is that of Validate; next to it stands Never,
// because the zero Rate, like what the library returns next to an error, has the threshold of 1 (T3).
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
		Probability: probability,
		Threshold:   threshold,
		TValue:      tvalue,
		Tracestate:  "ot=th:" + tvalue,
	}, nil
}

// IsAlways reports whether the rate is 1.
func (r *Rate) IsAlways() bool { return r.Threshold == sampling.AlwaysSampleThreshold }

// IsNever reports whether the rate is 0.
func (r *Rate) IsNever() bool { return r.Threshold == sampling.NeverSampleThreshold }

// Validate reports why a probability cannot be a sample rate, and what would be right (T3).
func Validate(probability float64) error {
	switch {
	case math.IsNaN(probability):
		return errors.New("sample rate must be between 0 and 1, got NaN (not a number)")
	case probability > 1 && probability <= 100: // a percentage, most likely
		return fmt.Errorf("sample rate must be between 0 and 1, got %v (for %v %% write %.6g)",
			probability, probability, probability/100)
	case probability < 0 || probability > 1:
		return fmt.Errorf("sample rate must be between 0 and 1, got %v", probability)
	case probability > 0 && probability < sampling.MinSamplingProbability:
		return fmt.Errorf("sample rate must be 0 or at least 2^-56 (%v), the least that 56 bits of randomness can "+
			"express, got %v", sampling.MinSamplingProbability, probability)
	}
	return nil
}
