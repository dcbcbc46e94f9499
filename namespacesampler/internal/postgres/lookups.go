// SPDX-License-Identifier: Apache-2.0

package postgres

import "time"

// LookupState is the state of a lookup, as it may be shown.
type LookupState struct {
	// Attribute is the attribute that the keys of the query come from, the first one if several share the query.
	Attribute    string
	RefusedSince time.Time // of the first refusal in a row; zero while the lookup works
	Err          error     // the last refusal; nil while the lookup works
}

// Lookups returns the states of the lookups, in the order of the configured queries. A query whose schema is of an earlier version is not
// refused: its keys are unknown.
func (db *DB) Lookups() []LookupState {
	states := make([]LookupState, len(db.queries))
	for i, query := range db.queries {
		states[i] = query.state()
	}
	return states
}

func (l *pausable) state() LookupState {
	l.mu.Lock()
	defer l.mu.Unlock()
	state := LookupState{Attribute: l.Name}
	if l.refused {
		state.RefusedSince, state.Err = l.refusals.since, l.refusals.err
	}
	return state
}

// trust is what the success of a query without keys says about the query with keys. A function that is called for each row, for example,
// can be refused with keys only.
type trust int

const (
	trusted     trust = iota // it works with keys, too
	unconfirmed              // so it was assumed, and no keys have been looked up since
	doubted                  // keys have been refused since; whether the query is refused without keys, too, is not known yet
	distrusted               // nothing: the query succeeds without keys while keys are refused
)

// refusalState is what is known about the refusals of a query. It is guarded by the mutex of the query.
type refusalState struct {
	n     int       // in loads; whoever sends the query remembers it, to notice refusals meanwhile
	since time.Time // the first one in a row; kept while the trust is unconfirmed
	again time.Time // the first one of keys since then
	err   error     // the last one
	trust trust

	retryAt time.Time // when the query is tried without keys; zero means never
}

// noteRefusal notes a refusal in a load. One that was sent before the last refusal says nothing about what has succeeded since. The caller
// holds the mutex.
func (l *pausable) noteRefusal(now time.Time, of *request, err error) {
	r, hasKeys := &l.refusals, len(of.texts) > 0
	isLate := of.refusals != r.n
	r.n++
	if l.lacksColumn {
		*r = refusalState{n: r.n}
		return
	}
	switch {
	case r.since.IsZero():
		r.since = now
	case r.trust != unconfirmed || isLate:
	case hasKeys:
		r.trust, r.again = doubted, now
	default:
		r.trust, r.since = trusted, now
	}
	l.noteReason(err, hasKeys)
	if r.trust != distrusted && r.retryAt.IsZero() {
		l.scheduleRetry(now, 0)
	}
}

// noteReason notes the error of a refusal. If the query is refused without keys while that was in doubt, its success without keys before was
// one with keys, too, so that the refusals in a row began after it.
func (l *pausable) noteReason(err error, hasKeys bool) {
	r := &l.refusals
	r.err = l.origin.explain(plainError(err), sqlState(err))
	if r.trust == doubted && !hasKeys {
		r.trust, r.since = trusted, r.again
	}
}

// refusalsSoFar returns the number of refusals, to be noted before the query is sent.
func (l *pausable) refusalsSoFar() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refusals.n
}

// succeededWithoutKeys notes that the server does not refuse the query without keys. If that is to be trusted, the pause ends. The caller
// holds the mutex.
func (l *pausable) succeededWithoutKeys() {
	r := &l.refusals
	switch {
	case !l.refused || r.trust == distrusted:
	case r.trust == doubted:
		r.trust, r.retryAt = distrusted, time.Time{}
	default:
		if !r.since.IsZero() {
			r.trust = unconfirmed
		}
		r.retryAt, l.until = time.Time{}, time.Time{}
		l.resume()
	}
}
