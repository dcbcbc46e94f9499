// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"hash/maphash"
	"math/bits"
)

// Set numbers distinct keys in the order in which they come. It is what a map from keys to numbers would be, in less than half of its time: a
// key is hashed by its identifier alone, and what the set does not find nearby it does not read. The zero value is an empty set.
type Set struct {
	keys   []Key
	places []place // a power of two, at least half of which is free
	round  uint32  // of what is in the places: those of another round are free
}

// place holds the number of a key, with enough of its hash to tell it from most others.
type place struct {
	hash, round uint32
	number      int32
}

// minPlaces is how many places a set has that holds anything.
const minPlaces = 64

// seed makes the places of keys unforeseeable: they come from telemetry.
var seed = maphash.MakeSeed()

// Keys returns the keys by their numbers, until the set changes.
func (s *Set) Keys() []Key { return s.keys }

// Number returns the number of a key, which is added where the set does not have it.
func (s *Set) Number(key *Key) int32 {
	if n := len(s.keys); n > 0 && s.keys[n-1] == *key { // the items of a task come together
		return int32(n - 1) //nolint:gosec // a batch has fewer items
	}
	if 2*len(s.keys) >= len(s.places) {
		s.grow()
	}
	hash := key.hash()
	p := s.find(hash, key)
	if p.round != s.round {
		*p = place{hash: hash, round: s.round, number: int32(len(s.keys))} //nolint:gosec // a batch has fewer items
		s.keys = append(s.keys, *key)
	}
	return p.number
}

// find returns the place of a key, or the free one that it is to have.
func (s *Set) find(hash uint32, key *Key) *place {
	mask := uint32(len(s.places) - 1) //nolint:gosec // a batch has fewer items
	for i := hash & mask; ; i = (i + 1) & mask {
		p := &s.places[i]
		if p.round != s.round || p.hash == hash && s.keys[p.number] == *key {
			return p
		}
	}
}

// grow makes room for twice as many keys.
func (s *Set) grow() {
	s.places = make([]place, max(minPlaces, 2*len(s.places)))
	s.round = 1
	for i := range s.keys {
		key := &s.keys[i]
		hash := key.hash()
		*s.find(hash, key) = place{hash: hash, round: 1, number: int32(i)}
	}
}

// Reset empties the set, and lets go of what the keys hold. It keeps its memory, and costs what the keys did that it held.
func (s *Set) Reset() {
	clear(s.keys)
	s.keys = s.keys[:0]
	if s.round++; s.round == 0 { // after four thousand million of them, places of old rounds would look like new ones
		clear(s.places)
		s.round = 1
	}
}

// hash returns a hash of what tells keys apart.
func (k *Key) hash() uint32 {
	var h uint64
	if k.form == FormatUUID {
		h = maphash.Bytes(seed, k.uuid[:])
	} else {
		h = maphash.String(seed, k.text)
	}
	return uint32(bits.RotateLeft64(h, int(k.kind))) //nolint:gosec // a hash
}
