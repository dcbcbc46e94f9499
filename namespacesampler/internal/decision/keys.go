// SPDX-License-Identifier: Apache-2.0

package decision

import "go.opentelemetry.io/collector/pdata/pcommon"

// Keys are the keys of the attributes of a point, by their places, with their hashes: the next point mostly has the same in the same
// places, and to compare a key costs less than to hash it. They hold telemetry until they are reset.
type Keys struct {
	// IsNamespace reports whether an attribute can be a missing namespace, as SeriesHasher.IsMissing says of its values.
	IsNamespace func(key string) bool

	places [maxPlaces]place
	used   int
}

// maxPlaces bounds the keys that are remembered of a point.
const maxPlaces = 32

type place struct {
	key         string
	hash        uint64
	isNamespace bool
}

// Reset lets go of the telemetry.
func (k *Keys) Reset() {
	clear(k.places[:k.used])
	k.used = 0
}

// at returns the key at a place.
func (k *Keys) at(i int, key string) *place {
	if i >= k.used {
		k.used = i + 1
	} else if p := &k.places[i]; p.key == key {
		return p
	}
	k.places[i] = place{key: key, hash: text(key), isNamespace: k.IsNamespace(key)}
	return &k.places[i]
}

// attributesOfPoint sums as attributes does.
func (h SeriesHasher) attributesOfPoint(m pcommon.Map) (sum uint64) {
	i := 0
	for key, v := range m.All() {
		if i == maxPlaces {
			if !h.IsMissing(key, v) {
				sum += join(text(key), h.value(v))
			}
			continue
		}
		p := h.Keys.at(i, key)
		i++
		switch {
		case p.isNamespace && h.IsMissing(key, v):
		case v.Type() == pcommon.ValueTypeStr: // as value does: most are, and a call costs
			sum += join(p.hash, join(1, text(v.Str())))
		default:
			sum += join(p.hash, h.value(v))
		}
	}
	return sum
}
