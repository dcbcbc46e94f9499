// SPDX-License-Identifier: Apache-2.0

// Package namespace finds the namespace of telemetry: in its attributes, else by the identifiers that it carries, from a
// cache that a database fills.
package namespace

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Lookup is an attribute whose value is a key.
type Lookup struct {
	Attribute string
	Kind      Kind
	Format    Format
}

// Reader reads attributes. It is immutable and safe for concurrent use.
type Reader struct {
	attributes []string
	missing    []string
	lookups    []Lookup
}

// NewReader returns a reader of the namespace attributes, in their order; of the values in missing, which count as absent;
// and of the lookups, in their order, where nothing else names the namespace.
func NewReader(attributes, missing []string, lookups []Lookup) *Reader {
	return &Reader{attributes: attributes, missing: missing, lookups: lookups}
}

// Finding is what the attributes of an item without a namespace say.
type Finding struct {
	// Key is the key to look the namespace up by, nil for none. It is valid until the next item is read.
	Key *Key
	// Carries reports whether the item, its scope or its resource carries a lookup attribute, be its value well-formed or not.
	Carries bool
	// Malformed counts the lookup attributes of the item whose values are no keys.
	Malformed int
}

// Surroundings are what scope and resource say for all their items, and how the last items spelled their keys. They serve many items
// of one walk; the zero value can be reused.
type Surroundings struct {
	names []named
	keys  []keyed   // of the resource
	items []spelled // of the last items
	// Malformed counts the lookup attributes of the resource whose values are no keys.
	Malformed int
}

type named struct {
	name string
	ok   bool
}

type keyed struct {
	spelled
	carries bool // of the scope, or the resource
}

// spelled is a key as it was spelled last. The items of a task come together, so that most are spelled like the one before.
type spelled struct {
	text string
	key  Key
	ok   bool // the text is well-formed
}

func (s *spelled) read(lookup *Lookup, text string) {
	if s.text != text { // the zero value is that of the empty text, which is no key in any format
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
		if k.carries = r.key(resource, &r.lookups[i], &k.spelled); k.carries && !k.ok {
			s.Malformed++
		}
		if _, ok := scope.Get(r.lookups[i].Attribute); ok {
			k.carries = true // though keys are read on items and resources only
		}
		s.keys = append(s.keys, k)
		s.items = append(s.items, spelled{})
	}
}

// Key returns the key of an item that Name finds no namespace of: the first well-formed lookup attribute, on the item, then its
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

// Name returns the namespace that an item names, else its scope, else its resource, by the first attribute by which one does; false
// where none does.
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

// name returns the namespace that an attribute names; only strings that are no missing-values do.
func (r *Reader) name(attributes pcommon.Map, attribute string) (string, bool) {
	v, ok := attributes.Get(attribute)
	if !ok || v.Type() != pcommon.ValueTypeStr {
		return "", false
	}
	name := v.Str()
	return name, !r.IsMissingName(name)
}

// key reads a key into s, and reports whether there is an attribute for it at all.
func (r *Reader) key(attributes pcommon.Map, lookup *Lookup, s *spelled) (carries bool) {
	v, ok := attributes.Get(lookup.Attribute)
	if !ok {
		return false
	}
	s.read(lookup, v.Str()) // what is not a string reads as the empty text
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

// Reset lets go of the telemetry that was read.
func (s *Surroundings) Reset() {
	clear(s.names)
	clear(s.keys)
	clear(s.items)
	s.names, s.keys, s.items, s.Malformed = s.names[:0], s.keys[:0], s.items[:0], 0
}
