// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"regexp"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

// resolution is where the namespace and the workflow of an item come from. At most one of named and lookedUp is set.
type resolution struct {
	named    string      // in the telemetry
	workflow string      // as far as it is known
	isNeeded bool        // a lookup can tell something that counts
	keys     []candidate // that can be looked up next, in order; none if one of them was known
	isAsked  bool        // a key was looked up
	lookedUp string      // the namespace of the last key that was looked up
	unused   bool        // the next key is not looked up, because no answer would change anything
}

// candidate is a key with the namespace and the workflow that Postgres has for it; empty: none.
type candidate struct{ key, namespace, workflow string }

// ask looks up the next key, and returns it.
func (r *resolution) ask() string {
	next := r.keys[0]
	r.isAsked, r.keys = true, r.keys[1:]
	if r.named == "" {
		r.lookedUp = next.namespace
	}
	if r.workflow == "" {
		r.workflow = next.workflow
	}
	if next.namespace != "" {
		r.keys = nil
	}
	return next.key
}

func (r *resolution) canBeAsked() bool { return r.isNeeded && len(r.keys) > 0 && !r.unused }

// namespace is what is known now.
func (r *resolution) namespace() string { return r.named + r.lookedUp }

// potential is the namespace if every key is looked up.
func (r *resolution) potential() string {
	for _, c := range r.keys {
		if r.named == "" && c.namespace != "" {
			return c.namespace
		}
	}
	return r.namespace()
}

// potentialWorkflow is the workflow if every key is looked up.
func (r *resolution) potentialWorkflow() string {
	for _, c := range r.keys {
		if r.workflow == "" && c.workflow != "" {
			return c.workflow
		}
	}
	return r.workflow
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
	r := resolution{named: o.named(item, scope, resource), workflow: workflowOf(item, scope, resource)}
	r.isNeeded = r.named == "" || o.config.ByWorkflow && r.workflow == ""
	if o.directory == nil || r.named != "" && r.workflow != "" {
		return r
	}
	for _, name := range lookupAttributes {
		if key, ok := lookupKey(name, item, resource); ok {
			r.keys = append(r.keys, candidate{key, o.directory[name][key], o.workflows[key]})
		}
	}
	return r
}

// named returns the namespace that the attributes name.
func (o *Oracle) named(levels ...pcommon.Map) string {
	for _, m := range levels {
		v, ok := m.Get(items.NamespaceAttribute)
		if ok && v.Type() == pcommon.ValueTypeStr && !slices.Contains(o.config.MissingValues, v.Str()) {
			return v.Str()
		}
	}
	return ""
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
