// SPDX-License-Identifier: Apache-2.0

package spans

// claim finds the span that gives a trace its namespace, or its group: the root if it has one, else the first span that has one (T16, G4).
type claim struct {
	// Indexes of spans, or none: the root if it has one, the first span that has one, the first that a lookup can give one.
	root, first, keyed int32
	rootHasKey         bool
}

var noClaim = claim{root: none, first: none, keyed: none}

// has notes that span i has one.
func (c *claim) has(i int32, isRoot bool) {
	if isRoot {
		c.root = i
	}
	if c.first == none || i < c.first {
		c.first = i
	}
}

// hasKey notes that a lookup can give span i one.
func (c *claim) hasKey(i int32, isRoot bool) {
	c.rootHasKey = c.rootHasKey || isRoot
	if c.keyed == none {
		c.keyed = i
	}
}

// by returns the span that gives the trace one by what is known now, or none.
func (c *claim) by() int32 {
	if c.root != none {
		return c.root
	}
	return c.first
}

// isCertain reports whether no lookup can change by.
func (c *claim) isCertain() bool {
	switch {
	case c.root != none:
		return true
	case c.rootHasKey:
		return false
	}
	return c.keyed == none || c.first != none && c.first < c.keyed
}

// canBecome reports whether a lookup for span i can change by.
func (c *claim) canBecome(i int32, isRoot bool) bool {
	return isRoot || c.root == none && (c.first == none || i < c.first)
}
