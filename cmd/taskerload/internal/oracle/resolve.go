// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"regexp"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

// resolution is where the namespace of an item comes from. At most one of named and lookedUp is set.
type resolution struct {
	named    string      // in the telemetry
	keys     []candidate // that can be looked up next, in order; none if one of them was known
	isAsked  bool        // a key was looked up
	lookedUp string      // the namespace of the last key that was looked up
	unused   bool        // the next key is not looked up, because no answer would change anything
}

// candidate is a key with the namespace that Postgres has for it; empty: none.
type candidate struct{ key, namespace string }

// ask looks up the next key, and returns it.
func (r *resolution) ask() string {
	next := r.keys[0]
	r.isAsked, r.lookedUp, r.keys = true, next.namespace, r.keys[1:]
	if r.lookedUp != "" {
		r.keys = nil
	}
	return next.key
}

func (r *resolution) canBeAsked() bool { return len(r.keys) > 0 && !r.unused }

// namespace is what is known now.
func (r *resolution) namespace() string { return r.named + r.lookedUp }

// potential is the namespace if every key is looked up.
func (r *resolution) potential() string {
	for _, c := range r.keys {
		if c.namespace != "" {
			return c.namespace
		}
	}
	return r.namespace()
}

func (r *resolution) label() string {
	switch {
	case r.namespace() != "":
		return r.namespace()
	case r.unused:
		return LabelNotLookedUp
	case r.isAsked:
		return LabelUnknown
	default:
		return LabelNone
	}
}

func (r *resolution) source() Source {
	switch {
	case r.named != "":
		return FromAttribute
	case r.lookedUp != "":
		return FromLookup
	case r.unused:
		return FromUnusedKey
	case r.isAsked:
		return FromUnknownKey
	default:
		return FromNothing
	}
}

func (o *Oracle) resolve(item, scope, resource pcommon.Map) resolution {
	for _, m := range []pcommon.Map{item, scope, resource} {
		v, ok := m.Get(items.NamespaceAttribute)
		if ok && v.Type() == pcommon.ValueTypeStr && !slices.Contains(o.config.MissingValues, v.Str()) {
			return resolution{named: v.Str()}
		}
	}
	if o.directory == nil {
		return resolution{}
	}
	var r resolution
	for _, name := range lookupAttributes {
		if key, ok := lookupKey(name, item, resource); ok {
			r.keys = append(r.keys, candidate{key, o.directory[name][key]})
		}
	}
	return r
}

// wellFormedKey matches lower-case UUIDs only: the load contains no others.
var wellFormedKey = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// lookupKey returns the first well-formed value of the attribute.
func lookupKey(name string, item, resource pcommon.Map) (string, bool) {
	for _, m := range []pcommon.Map{item, resource} {
		if v, ok := m.Get(name); ok && wellFormedKey.MatchString(v.Str()) {
			return v.Str(), true
		}
	}
	return "", false
}
