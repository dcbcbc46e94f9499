// SPDX-License-Identifier: Apache-2.0

// Package remainder adds up the data points that sampling drops, so that sums over a metric stay exact: each batch gets a point for everything
// that was dropped from it with the same attributes, without those that make series many. It knows nothing of rates.
package remainder

import (
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
)

// Config configures a remainder.
type Config struct {
	// Without are the attributes that remainders do not carry: of the resource, the scope and the point.
	Without []string
	// MaxSeries is the most series that remainders have; what is beyond is added to series that carry the namespace alone, of which there
	// are as many at most.
	MaxSeries int
	// MaxTracked is the most numbers that are remembered of dropped cumulative series: a sum is one, a histogram its buckets and two.
	MaxTracked int
	// NamespaceAttribute is the attribute that these have their namespace in, and that resolved namespaces are written to.
	NamespaceAttribute string
}

// Remainder is what all dropped series of a pipeline add up to. It is safe for concurrent use.
type Remainder struct {
	cfg     Config
	hasher  decision.SeriesHasher
	id      string
	writes  bool // remainders carry namespaces
	started moment
	changed changed

	mu        sync.Mutex
	batches   uint64
	tracked   tracked
	forgotten moment // when a dropped series was forgotten last
	exports   recent[uint64, exports]
	standings recent[standingKey, standing]
	whole     map[uint64]*series // that carry all attributes but Without
	folded    map[uint64]*series // that carry the namespace alone
	plain     map[uint64]uint64  // the keys of those whose mark has no suffix, by their base
	swept     time.Time
	counts    Counts
}

type standingKey struct {
	name          string
	isUnavailable bool
}

// Counts are what has happened since the start.
type Counts struct {
	Forgotten int64 // dropped series whose last values were forgotten for others
	Resets    int64 // of dropped series
	Saturated int64 // points with a number that stays at the end of its range
	Folded    int64 // dropped points that were added to a series that carries the namespace alone
	Lost      int64 // dropped points that were not added: there were too many of these, too, or their buckets or scale are out of bounds
}

// State is what a remainder holds.
type State struct {
	Counts
	// TrackedSeries are dropped cumulative series whose last values are remembered, and TrackedNumbers how many numbers that are.
	TrackedSeries, TrackedNumbers int
	// Series are the remainders themselves.
	Series int
}

// Add adds the state of another remainder.
func (s *State) Add(other State) {
	s.Forgotten += other.Forgotten
	s.Resets += other.Resets
	s.Saturated += other.Saturated
	s.Folded += other.Folded
	s.Lost += other.Lost
	s.TrackedSeries += other.TrackedSeries
	s.TrackedNumbers += other.TrackedNumbers
	s.Series += other.Series
}

// New returns an empty remainder of the collector that starts now.
func New(cfg Config) *Remainder {
	now := time.Now()
	return &Remainder{
		cfg: cfg, hasher: decision.SeriesHasher{IsMissing: isNeverMissing}, id: uuid.NewString(), started: moment{at: now},
		writes:  !slices.Contains(cfg.Without, cfg.NamespaceAttribute),
		tracked: newTracked(cfg.MaxTracked), whole: map[uint64]*series{}, folded: map[uint64]*series{}, plain: map[uint64]uint64{}, swept: now,
	}
}

// State returns what the remainder holds now.
func (r *Remainder) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return State{
		Counts: r.counts, TrackedSeries: r.tracked.entries, TrackedNumbers: r.tracked.numbers, Series: len(r.whole) + len(r.folded),
	}
}

const (
	// maxIdle is the time after which a remainder is forgotten that nothing is added to (R7).
	maxIdle    = time.Hour
	sweepEvery = time.Minute
)

// sweep forgets remainders that nothing was added to for long.
func (r *Remainder) sweep(now time.Time) {
	if now.Sub(r.swept) < sweepEvery {
		return
	}
	r.swept = now
	for _, all := range [...]map[uint64]*series{r.whole, r.folded} {
		for key, s := range all {
			if now.Sub(s.fed) > maxIdle {
				delete(all, key)
				if r.plain[s.base] == key {
					delete(r.plain, s.base)
				}
			}
		}
	}
}
