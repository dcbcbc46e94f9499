// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"context"
	"time"
)

// Source resolves keys; it is a database. Implementations are safe for concurrent use.
type Source interface {
	// Lookup sets answers[i] to the answer of keys[i]. All answers are Unavailable before; those that cannot be found out stay
	// so. It takes one round trip for keys of all kinds unless a query fails, and returns the number of round trips. An error
	// means that the source could not be asked; answers received before it are valid. Without keys, it executes all queries for
	// none, to find out whether the source answers.
	Lookup(ctx context.Context, keys []Key, answers []Answer) (roundTrips int, err error)
}

// Load is the report of one load of keys.
type Load struct {
	RoundTrips int
	Duration   time.Duration
	// Late is the number of keys that resolved after they had been answered without a namespace, or without a group. Their items may be
	// decided differently from now on (M5, G5).
	Late int
	Err  error // as Source.Lookup returned it
}

// ResolverConfig configures a resolver.
type ResolverConfig struct {
	Cache CacheConfig
	// Wait is the longest that a call of Resolve waits; 0 means not at all.
	Wait time.Duration
	// LoadTimeout bounds a load, including the wait for a connection.
	LoadTimeout time.Duration
	// MaxLoads is the maximum number of concurrent loads.
	MaxLoads int
	// Breaker configures the circuit breaker.
	Breaker BreakerConfig
	// Loaded is called at the end of each load, before those who wait for it continue. It may be nil.
	Loaded func(Load)
}

// Resolver answers keys from a cache and loads the others from a source.
type Resolver struct {
	cfg        ResolverConfig
	cache      *cache
	dispatcher *dispatcher
}

// NewResolver returns a resolver, which must be closed.
func NewResolver(cfg ResolverConfig, source Source) (*Resolver, error) {
	c, err := newCache(cfg.Cache)
	if err != nil {
		return nil, err
	}
	return &Resolver{cfg: cfg, cache: c, dispatcher: newDispatcher(cfg, source, c)}, nil
}

// Close ends the running loads and waits for them until ctx ends. Resolve still answers from the cache afterwards. Close may be
// called more than once.
func (r *Resolver) Close(ctx context.Context) error {
	defer r.cache.close()
	return r.dispatcher.close(ctx)
}

// Stats is the state of a resolver.
type Stats struct {
	// Entries is the approximate number of keys in the cache.
	Entries int
	Breaker BreakerState
}

// Stats returns the state of the resolver.
func (r *Resolver) Stats() Stats {
	return Stats{Entries: r.cache.entries.EstimatedSize(), Breaker: r.dispatcher.breaker.state()}
}

// Wait returns the longest that a call of Resolve waits.
func (r *Resolver) Wait() time.Duration { return r.cfg.Wait }

// Counts are the numbers of keys of one call of Resolve that were answered from the cache, or by a load with each outcome.
type Counts struct {
	Hits, Resolved, Unknown, Unavailable int
}

// Resolve sets answers[i] to the answer of keys[i]; keys are distinct. Keys that the cache lacks are loaded together with those
// of concurrent calls. Resolve waits for them no longer than the configured wait and its context; the load continues in the
// background and fills the cache. It does not wait unless the circuit breaker is closed.
func (r *Resolver) Resolve(ctx context.Context, keys []Key, answers []Answer) Counts {
	var (
		counts      Counts
		wanted, due []int
	)
	now := r.cache.now()
	for i, key := range keys {
		answer, dueAt, ok := r.cache.get(key, now)
		answers[i] = answer
		switch {
		case !ok:
			wanted = append(wanted, i)
			continue
		case dueAt <= now:
			due = append(due, i)
		}
		counts.Hits++
	}
	if len(due) > 0 {
		r.dispatcher.requestRefresh(keys, due)
	}
	if len(wanted) > 0 {
		r.load(ctx, keys, answers, wanted, &counts)
	}
	return counts
}

// load sets answers[i] for each i of wanted.
func (r *Resolver) load(ctx context.Context, keys []Key, answers []Answer, wanted []int, counts *Counts) {
	tickets, worthWaiting := r.dispatcher.request(keys, wanted)
	if worthWaiting {
		r.await(ctx, tickets)
	}
	for n, i := range wanted {
		if tickets != nil {
			before := answers[i]
			answers[i] = tickets[n].answer()
			if answers[i].Outcome == Unavailable {
				answers[i].WasUnknown, answers[i].Group = before.WasUnknown, before.Group
			}
		}
		if answers[i].Outcome != Resolved {
			answers[i] = r.cache.miss(keys[i], answers[i])
		}
		switch answers[i].Outcome {
		case Resolved:
			counts.Resolved++
		case Unknown:
			counts.Unknown++
		case Unavailable:
			counts.Unavailable++
		}
	}
}

// await waits for the loads of tickets.
func (r *Resolver) await(ctx context.Context, tickets []ticket) {
	if r.cfg.Wait <= 0 {
		return
	}
	timer := time.NewTimer(r.cfg.Wait)
	defer timer.Stop()
	var last *load
	for _, t := range tickets {
		if t.load == nil || t.load == last { // consecutive tickets usually share a load
			continue
		}
		last = t.load
		select {
		case <-t.load.done:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
