// SPDX-License-Identifier: Apache-2.0

// Package namespace finds the namespaces of telemetry: in attributes, or by lookup keys in attributes, from a cache that is
// filled from a database.
package namespace

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// ReaderConfig says where namespaces and keys are found.
type ReaderConfig struct {
	// Attributes hold namespaces, Lookups hold keys, both in order of precedence.
	Attributes []string
	Lookups    []Lookup
	// MissingValues of Attributes count as absent.
	MissingValues []string
	// WriteTo is the attribute that resolved namespaces are written to.
	WriteTo string
	// Malformed is called with the first malformed key of each lookup attribute. It may be nil.
	Malformed func(attribute string, reason error)
}

// Reader reads namespaces and keys from attributes. It is safe for concurrent use.
type Reader struct {
	cfg     ReaderConfig
	lookups []lookupReader
}

// NewReader returns a reader.
func NewReader(cfg ReaderConfig) *Reader {
	r := &Reader{cfg: cfg, lookups: make([]lookupReader, len(cfg.Lookups))}
	for i, lookup := range cfg.Lookups {
		r.lookups[i] = lookupReader{Lookup: lookup, onMalformed: cfg.Malformed}
	}
	return r
}

// Finding is the result of reading a key of an item without a namespace.
type Finding struct {
	// Key is nil if there is no well-formed key. It is valid until the next item is read.
	Key *Key
	// Next is the index of the lookup after that of the key, with which reading continues if the key is unknown. Without a key it is the
	// number of lookups.
	Next int
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

// Surround reads scope and resource into s.
func (r *Reader) Surround(s *Surroundings, scope, resource pcommon.Map) {
	s.Reset()
	for _, attribute := range r.cfg.Attributes {
		name, ok := r.name(scope, attribute)
		if !ok {
			name, ok = r.name(resource, attribute)
		}
		s.names = append(s.names, named{name, ok})
	}
	for i := range r.lookups {
		var k keyed
		if k.carries = r.lookups[i].read(resource, &k.parsed); k.carries && !k.ok {
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
// resource, beginning with the lookup at index from.
func (r *Reader) Key(attributes pcommon.Map, s *Surroundings, from int) (f Finding) {
	f.Next = len(r.lookups)
	for i := from; i < len(r.lookups); i++ {
		around, onItem := &s.keys[i], &s.items[i]
		carries := r.lookups[i].read(attributes, onItem)
		f.Carries = f.Carries || carries || around.carries
		switch {
		case carries && onItem.ok:
			f.Key, f.Next = &onItem.key, i+1
			return f
		case carries:
			f.Malformed++
		}
		if around.ok {
			f.Key, f.Next = &around.key, i+1
			return f
		}
	}
	return f
}

// Name returns the namespace of an item: the first namespace attribute with a value, on the item, its scope or its resource. It
// returns false if there is none.
func (r *Reader) Name(attributes pcommon.Map, s *Surroundings) (string, bool) {
	for i, attribute := range r.cfg.Attributes {
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

// IsMissingName reports whether a name counts as absent. The empty name always does: it stands for items without a namespace.
func (r *Reader) IsMissingName(name string) bool {
	return name == "" || slices.Contains(r.cfg.MissingValues, name)
}

// IsName reports whether an attribute is a namespace attribute.
func (r *Reader) IsName(attribute string) bool { return slices.Contains(r.cfg.Attributes, attribute) }

// IsMissing reports whether an attribute is a namespace attribute whose value counts as absent.
func (r *Reader) IsMissing(attribute string, v pcommon.Value) bool {
	return r.IsName(attribute) && v.Type() == pcommon.ValueTypeStr && r.IsMissingName(v.Str())
}

// Lookups returns the number of lookup attributes.
func (r *Reader) Lookups() int { return len(r.lookups) }

// Target returns the attribute that resolved namespaces are written to.
func (r *Reader) Target() string { return r.cfg.WriteTo }

// Write writes the namespace that was found for an item without one to its attributes: where the target is absent, or counts as an
// absent namespace. Another value of an attribute that is not for namespaces is kept.
func (r *Reader) Write(attributes pcommon.Map, name string) {
	v, ok := attributes.Get(r.cfg.WriteTo)
	switch {
	case !ok:
		attributes.PutStr(r.cfg.WriteTo, name)
	case r.IsName(r.cfg.WriteTo), v.Type() == pcommon.ValueTypeStr && r.IsMissingName(v.Str()):
		v.SetStr(name)
	}
}

// Written returns the namespace that the attribute holds which Write writes, or "" if it holds none.
func (r *Reader) Written(attributes pcommon.Map) string {
	name, ok := r.name(attributes, r.cfg.WriteTo)
	if !ok {
		return ""
	}
	return name
}

// Reset releases the telemetry that was read.
func (s *Surroundings) Reset() {
	clear(s.names)
	clear(s.keys)
	clear(s.items)
	s.names, s.keys, s.items, s.Malformed = s.names[:0], s.keys[:0], s.items[:0], 0
}
