// SPDX-License-Identifier: Apache-2.0

// Package labels maps namespaces to the labels under which internal metrics count them. Namespaces come from telemetry, so the
// number of labels is bounded: namespaces beyond the bound share the label _other.
package labels

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

const (
	noneName  = "_none"  // items without a namespace
	otherName = "_other" // namespaces beyond the bound
)

const (
	// maxSeen bounds the namespaces that are told apart for inspection, unless telemetry::max_namespaces is larger.
	maxSeen = 10_000
	// MaxRegistered bounds the registered namespaces that always have a value of their own in internal metrics.
	MaxRegistered = 2000
)

// Set holds the labels of all namespaces, in order of appearance. Configured and registered namespaces always have a value of
// their own in internal metrics; of the others the first ones have, up to a limit. A Set is safe for concurrent use.
type Set struct {
	none, other *Label
	version     atomic.Uint64

	mu       sync.Mutex
	known    map[string]*Label
	room     int // values left for namespaces that are neither configured nor registered
	reserved int
	made     []*Label // by index
}

// New returns a set that counts up to limit distinct namespaces and, in any case, the configured ones.
func New(limit int, configured []string) *Set {
	s := &Set{room: limit}
	s.none, s.other = s.newLabel(noneName), s.newLabel(otherName)
	s.known = map[string]*Label{"": s.none}
	s.Reserve(configured, len(configured))
	return s
}

// None returns the label of items without a namespace.
func (s *Set) None() *Label { return s.none }

// Other returns the label of namespaces beyond the bound.
func (s *Set) Other() *Label { return s.other }

// Version changes whenever Of may return another label for a name than before. Whoever remembers labels compares versions.
func (s *Set) Version() uint64 { return s.version.Load() }

// Reserve gives each name a value of its own in internal metrics, until most names have been given one. What was counted for a
// name before remains with its label.
func (s *Set) Reserve(names []string, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		label, ok := s.known[name]
		if s.reserved >= most || isReservedName(name) || ok && label.options.Load() != s.other.options.Load() {
			continue
		}
		if ok {
			label.options.Store(newOptions(label.name))
		} else {
			s.known[name] = s.newLabel(name)
			s.version.Add(1)
		}
		s.reserved++
		s.room--
	}
}

// Of returns the label of a namespace, or None for the empty name.
func (s *Set) Of(name string) *Label {
	s.mu.Lock()
	defer s.mu.Unlock()
	if label, ok := s.known[name]; ok {
		return label
	}
	// Long names are stored truncated, so that their memory is bounded.
	full := name
	name = namespace.Shown(name)
	if label, ok := s.known[name]; ok {
		return label
	}
	var label *Label
	switch {
	case s.room > 0 && !isReservedName(name):
		s.room--
		label = s.newLabel(name)
	case len(s.known) < maxSeen:
		label = s.newOtherLabel(name)
	default:
		return s.other
	}
	if full != name {
		// Inspection shows the rate of the full name. Names longer than MaxMatchedBytes match no pattern, so one more byte than
		// that is enough to find it.
		label.original = strings.Clone(full[:min(len(full), rate.MaxMatchedBytes+1)])
	}
	s.known[name] = label
	return label
}

// Shown returns the value that internal metrics have for a namespace.
func (s *Set) Shown(namespace string) string {
	label := s.Of(namespace)
	if label.options.Load() == s.other.options.Load() {
		return otherName
	}
	return label.name
}

// All returns the labels of all namespaces by name. A truncated name is given in full, as it was first seen.
func (s *Set) All() map[string]*Label {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]*Label, len(s.known))
	for name, label := range s.known {
		switch {
		case name == "":
		case label.original != "":
			all[label.original] = label
		default:
			all[name] = label
		}
	}
	return all
}

// List returns all labels by their indexes, among them None and Other. It must not be modified.
func (s *Set) List() []*Label {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made // labels are only appended
}

// isReservedName reports whether a name has a meaning of its own in internal metrics. A namespace of that name is counted as
// _other.
func isReservedName(name string) bool { return name == noneName || name == otherName }

// newLabel returns a label with a value of its own in internal metrics.
func (s *Set) newLabel(name string) *Label {
	label := &Label{Index: len(s.made), name: namespace.Shown(name)}
	label.options.Store(newOptions(label.name))
	s.made = append(s.made, label)
	return label
}

// newOtherLabel returns a label that internal metrics count as _other.
func (s *Set) newOtherLabel(name string) *Label {
	label := &Label{Index: len(s.made), name: name}
	label.options.Store(s.other.options.Load())
	s.made = append(s.made, label)
	return label
}
