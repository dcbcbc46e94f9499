// SPDX-License-Identifier: Apache-2.0

// Package problems counts faults in telemetry and in the database that silently change how items are sampled. Inspection shows the
// counts; internal metrics have them too.
package problems

import "sync/atomic"

// Kind is a kind of problem.
type Kind uint8

const (
	// MalformedKeys are values of lookup attributes that are not valid keys.
	MalformedKeys Kind = iota
	// NoRandomness are spans and log records whose trace ID has no randomness, so that every rate below 1 drops them.
	NoRandomness
	// UnreadableNames are keys and namespaces in Postgres that are not valid UTF-8.
	UnreadableNames
	// LongNames are namespaces in Postgres that are too long.
	LongNames
	// EarlyReleases are traces whose held spans were decided early because too many spans were held.
	EarlyReleases
	// UndeliveredSpans are held spans that were kept, and that the next component did not take.
	UndeliveredSpans
	// GroupOverruled are spans and log records that an earlier sampler has decided by another randomness than that of their group.
	GroupOverruled
	// UnknownKeys are keys that Postgres does not know.
	UnknownKeys
	// UnavailableKeys are keys that Postgres did not answer, or not in time.
	UnavailableKeys
	// LateKeys are keys that were answered after their items had been sampled without a namespace, or without a group.
	LateKeys
	// ForgottenTraces are traces that were forgotten before their time because too many are remembered.
	ForgottenTraces
	// ConditionErrors are evaluations of conditions that failed.
	ConditionErrors
	// TracestateFaults are spans whose tracestate is malformed, says what cannot be true, or is too long.
	TracestateFaults
	// RecordFaults are log records whose sampling attributes are malformed, or say what cannot be true.
	RecordFaults
	// ForgottenSeries are dropped series whose last values the remainder has forgotten for others. The remainder counts them itself.
	ForgottenSeries

	// AnsweredKeys is no problem: it is what UnknownKeys are compared with, the keys that Postgres was asked for and answered.
	AnsweredKeys

	numKinds
)

// Counts are the problems since start. The zero value is ready for use, and safe for concurrent use.
type Counts [numKinds]atomic.Int64

// Sums are the numbers of problems at one time, by kind.
type Sums [numKinds]int64

// Sums returns the numbers of problems now.
func (c *Counts) Sums() (sums Sums) {
	for k := range c {
		sums[k] = c[k].Load()
	}
	return sums
}

// Add counts n problems of a kind.
func (c *Counts) Add(k Kind, n int64) {
	if n > 0 {
		c[k].Add(n)
	}
}

// Of returns the number of problems of a kind.
func (c *Counts) Of(k Kind) int64 { return c[k].Load() }
