// SPDX-License-Identifier: Apache-2.0

// Package namespace finds the namespaces of telemetry: in attributes, or by lookup keys in attributes, from a cache that is
// filled from a database.
package namespace

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Lookup is an attribute that holds a key.
type Lookup struct {
	Attribute string
	Kind      Kind
	Format    Format
}

// Reader reads namespaces and keys from attributes. It is immutable and safe for concurrent use.
type Reader struct {
	attributes []string
	missing    []string
	lookups    []Lookup
}

// NewReader returns a reader of namespace attributes and lookups, both in order of precedence. Values in missing count as absent.
func NewReader(attributes, missing []string, lookups []Lookup) *Reader {
	return &Reader{attributes: attributes, missing: missing, lookups: lookups}
}

// Finding is the result of reading the key of an item without a namespace.
type Finding struct {
	// Key is nil if there is no well-formed key. It is valid until the next item is read.
	Key *Key
	// Carries reports whether the item, its scope or its resource carries a lookup attribute, well-formed or not.
	Carries bool
	// Malformed is the number of lookup attributes of the item with malformed values.
	Malformed int
}

// Surroundings hold what scope and resource say about all their items, and the keys of the last items. They are reused for many
// items. The zero value is ready for use.
type Surroundings struct {
	names []named
	keys  []keyed  // of the resource
	items []parsed // of the last items
	// Malformed is the number of lookup attributes of the resource with malformed values.
	Malformed int
}

type named struct {
	name string
	ok   bool
}

type keyed struct {
	parsed
	carries bool // the scope or the resource has the attribute
}

// parsed is the last text of an attribute with its key. Items of a task arrive together, so that most have the same text as the
// item before.
type parsed struct {
	text string
	key  Key
	ok   bool // the text is well-formed
}

func (s *parsed) read(lookup *Lookup, text string) {
	if s.text != text { // the zero value is correct for the empty text, which is malformed in every format
		s.text = text
		s.key, s.ok = NewKey(lookup.Kind, lookup.Format, text)
	}
}

// Surround reads scope and resource into s.
func (r *Reader) Surround(s *Surroundings, scope, resource pcommon.Map) {
	s.Reset()
	for _, attribute := range r.attributes {
		name, ok := r.name(scope, attribute)
		if !ok {
			name, ok = r.name(resource, attribute)
		}
		s.names = append(s.names, named{name, ok})
	}
	for i := range r.lookups {
		var k keyed
		if k.carries = r.key(resource, &r.lookups[i], &k.parsed); k.carries && !k.ok {
			s.Malformed++
		}
		if _, ok := scope.Get(r.lookups[i].Attribute); ok {
			k.carries = true // although keys are read from items and resources only
		}
		s.keys = append(s.keys, k)
		s.items = append(s.items, parsed{})
	}
}

// Key returns the lookup key of an item without a namespace: the first well-formed lookup attribute of the item, then of its
// resource.
func (r *Reader) Key(attributes pcommon.Map, s *Surroundings) (f Finding) {
	for i := range r.lookups {
		around, onItem := &s.keys[i], &s.items[i]
		carries := r.key(attributes, &r.lookups[i], onItem)
		f.Carries = f.Carries || carries || around.carries
		switch {
		case carries && onItem.ok:
			f.Key = &onItem.key
			return f
		case carries:
			f.Malformed++
		}
		if around.ok {
			f.Key = &around.key
			return f
		}
	}
	return f
}

// Name returns the namespace of an item: the first namespace attribute with a value, on the item, its scope or its resource. It
// returns false if there is none.
func (r *Reader) Name(attributes pcommon.Map, s *Surroundings) (string, bool) {
	for i, attribute := range r.attributes {
		if name, ok := r.name(attributes, attribute); ok {
			return name, true
		}
		if s.names[i].ok {
			return s.names[i].name, true
		}
	}
	return "", false
}

// name returns the namespace in an attribute. Only strings that are not missing values count.
func (r *Reader) name(attributes pcommon.Map, attribute string) (string, bool) {
	v, ok := attributes.Get(attribute)
	if !ok || v.Type() != pcommon.ValueTypeStr {
		return "", false
	}
	name := v.Str()
	return name, !r.IsMissingName(name)
}

// key reads a key into s and reports whether the attribute is present.
func (r *Reader) key(attributes pcommon.Map, lookup *Lookup, s *parsed) (carries bool) {
	v, ok := attributes.Get(lookup.Attribute)
	if !ok {
		return false
	}
	s.read(lookup, v.Str()) // empty if the value is not a string
	return true
}

// IsMissingName reports whether a name counts as absent.
func (r *Reader) IsMissingName(name string) bool { return slices.Contains(r.missing, name) }

// IsName reports whether an attribute is a namespace attribute.
func (r *Reader) IsName(attribute string) bool { return slices.Contains(r.attributes, attribute) }

// IsMissing reports whether an attribute is a namespace attribute whose value counts as absent.
func (r *Reader) IsMissing(attribute string, v pcommon.Value) bool {
	return r.IsName(attribute) && v.Type() == pcommon.ValueTypeStr && r.IsMissingName(v.Str())
}

// HasLookups reports whether an item without a namespace can have a key.
func (r *Reader) HasLookups() bool { return len(r.lookups) > 0 }

// Target returns the attribute that resolved namespaces are written to.
func (r *Reader) Target() string { return r.attributes[0] }

// Reset releases the telemetry that was read.
func (s *Surroundings) Reset() {
	clear(s.names)
	clear(s.keys)
	clear(s.items)
	s.names, s.keys, s.items, s.Malformed = s.names[:0], s.keys[:0], s.items[:0], 0
}
