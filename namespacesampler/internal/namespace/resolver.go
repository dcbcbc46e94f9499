// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"context"
	"time"
)

// Source tells the namespaces of keys; it is a database. Implementations are safe for concurrent use.
type Source interface {
	// Lookup answers keys: answers[i] is that of keys[i]. All answers are Unavailable at first, and what cannot be found
	// out stays so. It takes one round trip for all keys, whatever their kinds, as long as no query fails, and returns
	// how many it took. An error means that the source as a whole could not be asked; answers that it got before hold.
	Lookup(ctx context.Context, keys []Key, answers []Answer) (roundTrips int, err error)
}

// Load is the report of one load of keys.
type Load struct {
	Keys       int
	RoundTrips int
	Duration   time.Duration
	// Late is how many keys resolved that had been answered without a namespace before: whose items may be decided
	// otherwise from now on (M5).
	Late int
	Err  error // as Source.Lookup returned it
}

// ResolverConfig configures a resolver.
type ResolverConfig struct {
	Cache CacheConfig
	// Wait is the longest that one call of Resolve waits; 0 means not at all.
	Wait time.Duration
	// LoadTimeout bounds a load, waiting for a connection included.
	LoadTimeout time.Duration
	// MaxLoads is how many loads may be under way at once.
	MaxLoads int
	// Breaker keeps from waiting for a source that cannot be asked.
	Breaker BreakerConfig
	// Loaded is called at the end of each load, from its goroutine, before those who wait for it go on. It may be nil.
	Loaded func(Load)
}

// Resolver answers keys from a cache, and has the rest loaded from a source.
type Resolver struct {
	cfg        ResolverConfig
	cache      *cache
	dispatcher *dispatcher
}

// NewResolver returns a resolver that is to be closed.
func NewResolver(cfg ResolverConfig, source Source) (*Resolver, error) {
	c, err := newCache(cfg.Cache)
	if err != nil {
		return nil, err
	}
	return &Resolver{cfg: cfg, cache: c, dispatcher: newDispatcher(cfg, source, c)}, nil
}

// Close ends the loads that are under way and waits for them, but no longer than ctx. Resolve still answers from the
// cache afterwards. It may be called more than once.
func (r *Resolver) Close(ctx context.Context) error {
	defer r.cache.close()
	return r.dispatcher.close(ctx)
}

// Stats is the state of a resolver.
type Stats struct {
	// Entries is about how many keys the cache holds.
	Entries int
	Breaker BreakerState
}

// Stats returns the state of the resolver.
func (r *Resolver) Stats() Stats {
	return Stats{Entries: r.cache.entries.EstimatedSize(), Breaker: r.dispatcher.breaker.state()}
}

// Counts says how the keys of one call of Resolve were answered: from the cache, or by a load with each outcome.
type Counts struct {
	Hits, Resolved, Unknown, Unavailable int
}

// Resolve answers distinct keys: answers[i] becomes that of keys[i]. What the cache does not have is loaded together
// with what other calls want; Resolve waits for that no longer than the configured wait and its own context, while the load
// goes on behind it and fills the cache. It does not wait at all while the circuit breaker is not closed.
func (r *Resolver) Resolve(ctx context.Context, keys []Key, answers []Answer) Counts {
	var (
		counts      Counts
		wanted, due []int
	)
	now := time.Now().UnixNano()
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
		r.dispatcher.renew(keys, due)
	}
	if len(wanted) > 0 {
		r.load(ctx, keys, answers, wanted, &counts)
	}
	return counts
}

// load answers keys[i] for each i of wanted.
func (r *Resolver) load(ctx context.Context, keys []Key, answers []Answer, wanted []int, counts *Counts) {
	tickets, worthWaiting := r.dispatcher.request(keys, wanted)
	if worthWaiting {
		r.await(ctx, tickets)
	}
	for n, i := range wanted {
		if tickets != nil {
			answers[i] = tickets[n].answer()
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
		if t.load == nil || t.load == last { // neighbours mostly share a load
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
