// SPDX-License-Identifier: Apache-2.0

package group

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Config says where the keys of groups are found.
type Config struct {
	// Attributes hold keys, in order of precedence. Without any, nothing has a group.
	Attributes []string
	// MissingValues of Attributes count as absent.
	MissingValues []string
}

// Reader reads groups from attributes. It is safe for concurrent use.
type Reader struct{ cfg Config }

// NewReader returns a reader.
func NewReader(cfg Config) *Reader { return &Reader{cfg} }

// IsActive reports whether items can have a group. A nil reader is not active.
func (r *Reader) IsActive() bool { return r != nil && len(r.cfg.Attributes) > 0 }

// IsKey reports whether a text is the key of a group: of 1 to MaxKeyBytes bytes, valid UTF-8, and not a missing value (G1).
func (r *Reader) IsKey(text string) bool {
	return text != "" && len(text) <= MaxKeyBytes && !slices.Contains(r.cfg.MissingValues, text) && utf8.ValidString(text)
}

// Of returns the group of a key, or none if the text is no key.
func (r *Reader) Of(text string) Group {
	if !r.IsKey(text) {
		return 0
	}
	return Of(text)
}

// Surroundings are the groups of a scope and its resource, and the last keys of their items. They are reused for many items. The zero
// value is ready for use.
type Surroundings struct {
	outer []Group    // by attribute
	last  []spelling // by attribute
}

// spelling is the last key of an attribute with its group. The items of a group usually arrive together.
type spelling struct {
	text  string
	group Group
}

// Surround reads scope and resource into s.
func (r *Reader) Surround(s *Surroundings, scope, resource pcommon.Map) {
	s.Reset()
	for _, attribute := range r.cfg.Attributes {
		var own spelling
		outer := r.read(scope, attribute, &own)
		if !outer.IsKnown() {
			outer = r.read(resource, attribute, &own)
		}
		s.outer = append(s.outer, outer)
		s.last = append(s.last, spelling{})
	}
}

// Read returns the group of an item: that of the first attribute with a key, on the item, its scope or its resource; else none (G1).
func (r *Reader) Read(attributes pcommon.Map, s *Surroundings) Group {
	for i, attribute := range r.cfg.Attributes {
		if g := r.read(attributes, attribute, &s.last[i]); g.IsKnown() {
			return g
		}
		if s.outer[i].IsKnown() {
			return s.outer[i]
		}
	}
	return 0
}

// read returns the group of an attribute: a string as it is, or an integer in decimal.
func (r *Reader) read(attributes pcommon.Map, attribute string, last *spelling) Group {
	v, ok := attributes.Get(attribute)
	if !ok {
		return 0
	}
	switch v.Type() {
	case pcommon.ValueTypeStr:
		if text := v.Str(); text != last.text { // the zero value is correct for the empty text, which is no key
			*last = spelling{text, r.Of(text)}
		}
		return last.group
	case pcommon.ValueTypeInt:
		return r.Of(strconv.FormatInt(v.Int(), 10))
	default:
		return 0
	}
}

// Reset releases the telemetry that was read.
func (s *Surroundings) Reset() {
	clear(s.last)
	s.outer, s.last = s.outer[:0], s.last[:0]
}
