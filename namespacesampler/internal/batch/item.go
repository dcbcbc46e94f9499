// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// Item is what is known of the namespace and the group of a span, data point or log record.
type Item struct {
	// Namespace is empty if there is none.
	Namespace string
	// Group is that of the item itself: what it carries, else what its lookup returned (G1).
	Group group.Group
	// lookup is the index of the item's key among those looked up, or noLookup.
	lookup  int32
	next    int16             // index of the lookup attribute with which reading keys continues
	outcome namespace.Outcome // of the lookup
	// isUnsure is true if a key was passed over that was unknown before, but could not be asked for again.
	isUnsure bool
	// isResolved is true if the namespace was found by the lookup.
	isResolved bool
	// Carries reports whether the item, its scope or its resource carries a namespace or a lookup attribute.
	Carries bool
}

const noLookup = -1

// NewItem returns an item of which nothing is known.
func NewItem() Item { return Item{lookup: noLookup} }

// IsLookedUp reports whether a key of the item is looked up.
func (it *Item) IsLookedUp() bool { return it.lookup != noLookup }

// IsResolved reports whether the namespace was found by a lookup, so that it must be written to the item.
func (it *Item) IsResolved() bool { return it.isResolved }

// IsUnavailable reports whether the item has no namespace because Postgres could not be asked.
func (it *Item) IsUnavailable() bool { return it.Namespace == "" && it.isUnanswered() }

// IsGroupUnavailable reports whether the item has no group because Postgres could not be asked.
func (it *Item) IsGroupUnavailable() bool { return !it.Group.IsKnown() && it.isUnanswered() }

func (it *Item) isUnanswered() bool {
	return it.lookup != noLookup && (it.isUnsure || it.outcome == namespace.Unavailable)
}
