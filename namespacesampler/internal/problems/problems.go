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

	numKinds
)

// Kinds are all kinds.
var Kinds = [numKinds]Kind{MalformedKeys, NoRandomness, UnreadableNames, LongNames, EarlyReleases, UndeliveredSpans, GroupOverruled}

// Counts are the problems since start. The zero value is ready for use, and safe for concurrent use.
type Counts [numKinds]atomic.Int64

// Add counts n problems of a kind.
func (c *Counts) Add(k Kind, n int64) {
	if n > 0 {
		c[k].Add(n)
	}
}

// Of returns the number of problems of a kind.
func (c *Counts) Of(k Kind) int64 { return c[k].Load() }
