// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"math"

	"github.com/cespare/xxhash/v2"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Series is the identity of a metric series, or the hash of its outer parts so far. docs/adr/002 defines it; a change of it
// changes which series are kept.
type Series uint64

// Randomness returns the 56 bits that decide the series.
func (s Series) Randomness() sampling.Randomness {
	randomness, err := sampling.UnsignedToRandomness(uint64(s) >> 8)
	if err != nil {
		panic("56 bits are randomness: " + err.Error()) // cannot be: 64 - 8 = 56
	}
	return randomness
}

// Metric identifies a metric (M3). Type is 1 for gauge, 2 sum, 3 histogram, 4 exponential histogram, 5 summary. Temporality is 1
// for delta, 2 cumulative, 0 none.
type Metric struct {
	Name        string
	Unit        string
	Type        int
	Temporality int
	Monotonic   bool
}

// SeriesHasher computes series identities, outermost first: resource, scope, metric, point. The identity does not depend
// on the order of attributes, nor on whether a namespace is absent or a missing value (M4). It does not allocate.
type SeriesHasher struct {
	// IsMissing reports whether an attribute is a namespace attribute with a missing value, which is not hashed.
	IsMissing func(key string, value pcommon.Value) bool
}

// Resource begins an identity.
func (h SeriesHasher) Resource(attributes pcommon.Map) Series {
	return Series(join(0, h.attributes(attributes)))
}

// Scope adds the instrumentation scope to an identity.
func (h SeriesHasher) Scope(s Series, name, version string, attributes pcommon.Map) Series {
	x := join(uint64(s), text(name))
	x = join(x, text(version))
	return Series(join(x, h.attributes(attributes)))
}

// Metric adds the metric to an identity.
func (SeriesHasher) Metric(s Series, m Metric) Series {
	x := join(uint64(s), text(m.Name))
	x = join(x, uint64(m.Type)) //nolint:gosec // 1 to 5
	x = join(x, text(m.Unit))
	x = join(x, uint64(m.Temporality)) //nolint:gosec // 0 to 2
	return Series(join(x, bit(m.Monotonic)))
}

// Point completes the identity with the attributes of a data point.
func (h SeriesHasher) Point(s Series, attributes pcommon.Map) Series {
	return h.PointOf(s, h.Attributes(attributes))
}

// Attributes are the hashes of attributes: of those that make an identity, and of namespace attributes with a missing value, which do not. Both
// are sums over the attributes, so that hashes of single ones can be added and taken away.
type Attributes struct{ Present, Missing uint64 }

// Attributes hashes attributes.
func (h SeriesHasher) Attributes(m pcommon.Map) (a Attributes) {
	for key, v := range m.All() {
		if h.IsMissing(key, v) {
			a.Missing += h.Entry(key, v)
		} else {
			a.Present += h.Entry(key, v)
		}
	}
	return a
}

// Entry hashes an attribute.
func (h SeriesHasher) Entry(key string, v pcommon.Value) uint64 { return join(text(key), h.value(v)) }

// PointOf is Point for attributes that were hashed.
func (SeriesHasher) PointOf(s Series, a Attributes) Series { return Series(join(uint64(s), a.Present)) }

// attributes returns the sum of the hashes of all entries, so that their order does not matter. Nested maps are treated alike.
func (h SeriesHasher) attributes(m pcommon.Map) uint64 { return h.Attributes(m).Present }

func (h SeriesHasher) value(v pcommon.Value) uint64 {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return join(1, text(v.Str()))
	case pcommon.ValueTypeInt:
		return join(2, uint64(v.Int())) //nolint:gosec // two's complement
	case pcommon.ValueTypeDouble:
		return join(3, math.Float64bits(v.Double()))
	case pcommon.ValueTypeBool:
		return join(4, bit(v.Bool()))
	case pcommon.ValueTypeMap:
		return join(5, h.attributes(v.Map()))
	case pcommon.ValueTypeSlice:
		s := v.Slice()
		x := join(6, uint64(s.Len())) //nolint:gosec // a length
		for i := range s.Len() {
			x = join(x, h.value(s.At(i)))
		}
		return x
	case pcommon.ValueTypeBytes:
		return join(7, blob(v.Bytes()))
	default: // empty
		return join(0, 0)
	}
}

// TextEntry is Entry for an attribute whose value is a string.
func (SeriesHasher) TextEntry(key, value string) uint64 { return join(text(key), join(1, text(value))) }

// Join adds a number to an identity.
func (s Series) Join(x uint64) Series { return Series(join(uint64(s), x)) }

func text(s string) uint64 { return xxhash.Sum64String(s) }

// blob hashes bytes in pieces, since pdata does not expose them as a slice.
func blob(b pcommon.ByteSlice) uint64 {
	var digest xxhash.Digest
	digest.Reset()
	var piece [64]byte
	for i := 0; i < b.Len(); {
		n := 0
		for ; n < len(piece) && i < b.Len(); n, i = n+1, i+1 {
			piece[n] = b.At(i)
		}
		_, _ = digest.Write(piece[:n]) // never fails
	}
	return digest.Sum64()
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// join combines x with h. It is not commutative.
func join(h, x uint64) uint64 { return mix(h ^ (x + 0x9e3779b97f4a7c15)) }

// mix is the 64-bit finalizer of MurmurHash3: every input bit affects every output bit.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return x
}
