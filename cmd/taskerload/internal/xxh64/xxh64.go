// SPDX-License-Identifier: Apache-2.0

// Package xxh64 implements XXH64 with seed 0 from the specification of xxHash, version 0.2.0
// (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). The processor uses a library, whose faults must not be
// repeated here.
package xxh64

import (
	"encoding/binary"
	"math/bits"
)

// The constants of the specification. They are variables, because the arithmetic wraps around.
var (
	prime1 uint64 = 0x9E3779B185EBCA87
	prime2 uint64 = 0xC2B2AE3D27D4EB4F
	prime3 uint64 = 0x165667B19E3779F9
	prime4 uint64 = 0x85EBCA77C2B2AE63
	prime5 uint64 = 0x27D4EB2F165667C5
)

const stripe = 32 // bytes

// Sum returns the hash of the text.
func Sum(text string) uint64 {
	b := []byte(text)
	h := prime5
	if len(b) >= stripe {
		var accumulators [4]uint64
		accumulators, b = consumeStripes(b)
		h = converge(accumulators)
	}
	return avalanche(consumeRest(h+uint64(len(text)), b))
}

func round(accumulator, lane uint64) uint64 {
	return bits.RotateLeft64(accumulator+lane*prime2, 31) * prime1
}

// consumeStripes also returns the bytes after the last complete stripe.
func consumeStripes(b []byte) (accumulators [4]uint64, rest []byte) {
	accumulators = [4]uint64{prime1 + prime2, prime2, 0, -prime1}
	for ; len(b) >= stripe; b = b[stripe:] {
		for i := range accumulators {
			accumulators[i] = round(accumulators[i], binary.LittleEndian.Uint64(b[8*i:]))
		}
	}
	return accumulators, b
}

func converge(accumulators [4]uint64) (h uint64) {
	for i, rotation := range [4]int{1, 7, 12, 18} {
		h += bits.RotateLeft64(accumulators[i], rotation)
	}
	for _, a := range accumulators {
		h = (h^round(0, a))*prime1 + prime4
	}
	return h
}

func consumeRest(h uint64, b []byte) uint64 {
	for ; len(b) >= 8; b = b[8:] {
		h = bits.RotateLeft64(h^round(0, binary.LittleEndian.Uint64(b)), 27)*prime1 + prime4
	}
	if len(b) >= 4 {
		h = bits.RotateLeft64(h^uint64(binary.LittleEndian.Uint32(b))*prime1, 23)*prime2 + prime3
		b = b[4:]
	}
	for _, c := range b {
		h = bits.RotateLeft64(h^uint64(c)*prime5, 11) * prime1
	}
	return h
}

func avalanche(h uint64) uint64 {
	h = (h ^ h>>33) * prime2
	h = (h ^ h>>29) * prime3
	return h ^ h>>32
}
