// SPDX-License-Identifier: Apache-2.0

// Package group finds what telemetry is kept together by: the value of an attribute such as a workflow's correlation ID, in place of the
// trace ID or the identity of a series.
package group

import (
	"encoding/hex"

	"github.com/cespare/xxhash/v2"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
)

// Group is the group of an item, or of all spans of a trace: the 56 bits of randomness that decide all of its items alike (G2), and whether
// they apply. The zero value is no group. It takes eight bytes, because one is remembered with each cached key and each trace.
type Group uint64

const (
	randomnessBits = 56
	// known is set if there is a group, overruled if an earlier sampler has decided by another randomness (G3).
	known Group = 1 << (randomnessBits + iota - 1)
	overruled
)

// MaxKeyBytes is the maximum length of the key of a group.
const MaxKeyBytes = 256

// Of returns the group of a key, which is valid by IsKey. The hash is XXH64 with seed 0, so that every collector has the same.
func Of(key string) Group {
	if !isUpperUUID(key) {
		return ofHash(xxhash.Sum64String(key))
	}
	var lower [uuidLength]byte
	for i := range lower {
		lower[i] = lowerHex(key[i])
	}
	return ofHash(xxhash.Sum64(lower[:]))
}

func ofHash(hash uint64) Group { return known | Group(hash>>(64-randomnessBits)) }

// IsKnown reports whether there is a group.
func (g Group) IsKnown() bool { return g&known != 0 }

// IsOverruled reports whether an earlier sampler decides, and not the group.
func (g Group) IsOverruled() bool { return g&overruled != 0 }

// IsSettled reports whether nothing that is found out later changes what decides: a group is known, or overruled.
func (g Group) IsSettled() bool { return g != 0 }

// Decides reports whether the items are decided by the randomness of the group.
func (g Group) Decides() bool { return g&(known|overruled) == known }

// Overruled returns the group as one that an earlier sampler has overruled.
func (g Group) Overruled() Group { return g | overruled }

// With returns what is known by g and, later, by other: the first group stays, and what was overruled stays so.
func (g Group) With(other Group) Group {
	if g.IsKnown() {
		return g | other&overruled
	}
	return g | other
}

// Randomness returns the randomness of a group that is known.
func (g Group) Randomness() sampling.Randomness {
	randomness, err := sampling.UnsignedToRandomness(uint64(g &^ (known | overruled)))
	if err != nil {
		panic("56 bits are randomness: " + err.Error()) // cannot be
	}
	return randomness
}

// RandomnessDigits is the number of hexadecimal digits of a randomness.
const RandomnessDigits = randomnessBits / 4

// AppendRandomness appends the randomness of a group that is known, in hexadecimal digits.
func (g Group) AppendRandomness(out []byte) []byte {
	var bytes [randomnessBits / 8]byte
	for i := range bytes {
		bytes[i] = byte(g >> (randomnessBits - 8*(i+1))) //nolint:gosec // the lower 8 bits
	}
	return hex.AppendEncode(out, bytes[:])
}
