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
	named    string // in the telemetry
	key      string // that is looked up; empty: none
	lookedUp string // the namespace of the key in Postgres
	unused   bool   // the key is not looked up, because no answer would change anything
}

func (r resolution) namespace() string { return r.named + r.lookedUp }

func (r resolution) label() string {
	switch {
	case r.namespace() != "":
		return r.namespace()
	case r.unused:
		return LabelNotLookedUp
	case r.key != "":
		return LabelUnknown
	default:
		return LabelNone
	}
}

func (r resolution) source() Source {
	switch {
	case r.named != "":
		return FromAttribute
	case r.lookedUp != "":
		return FromLookup
	case r.unused:
		return FromUnusedKey
	case r.key != "":
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
	for _, name := range lookupAttributes {
		if key, ok := lookupKey(name, item, resource); ok {
			return resolution{key: key, lookedUp: o.directory[name][key]}
		}
	}
	return resolution{}
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
