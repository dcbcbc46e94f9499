// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"
)

// overrides converts overrides from either form to a list, and returns false if there are none.
func (s *settings) overrides(key string, value any) ([]any, bool) {
	var list []any
	switch form := parsed(value).(type) {
	case map[string]any:
		list = s.overridesByName(key, form)
	case []any:
		list = s.overridesInList(key, form)
	default:
		s.errorf(key, "must map names of namespaces to rates, such as {payments: 0.5}, or be a list of {name, sample_rate, until}, "+
			"got %s", shown(value))
	}
	return list, len(list) > 0
}

// nullName is the name that the collector makes of a key that is null.
const nullName = "<nil>"

// overridesByName returns the overrides of a map. A null in place of an override removes that of an earlier file.
func (s *settings) overridesByName(section string, byName map[string]any) (list []any) {
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		key, value := within(section, name), byName[name]
		object, isObject := parsed(value).(map[string]any)
		inner, isNested := unknownKey(object, "sample_rate", "items_per_second", "until")
		switch {
		case name == nullName:
			s.errorf(section, `has null as a name: put the name "null" in quotes (the name %q needs the list form, such as `+
				`namespaces: [{name: %q, sample_rate: 0.5}])`, nullName, nullName)
		case isUnset(value):
			s.errorf(key, "must be a rate between 0 and 1, got %s; a null removes the override of an earlier file", unset)
		case parsed(value) == nil:
		case isNested:
			whole := wholeName(name, object)
			s.errorf(key, `must be a rate between 0 and 1%s, got the key %q (if the name is %q: a name `+
				`that holds "::" cannot be a key; list it, such as namespaces: [{name: %q, sample_rate: 0.5}])`,
				objects(section, ""), inner, whole, whole)
		case isObject:
			list = append(list, s.override(key, name, object))
		default:
			list = append(list, map[string]any{"name": name, "sample_rate": s.rate(key, value)})
		}
	}
	return list
}

// overridesInList returns the overrides of a list of objects.
func (s *settings) overridesInList(section string, elements []any) (list []any) {
	for i, element := range elements {
		key := within(section, strconv.Itoa(i))
		object, ok := parsed(element).(map[string]any)
		if !ok {
			s.errorf(key, "must be an object%s, got %s", objects(section, "name, "), shown(element))
			continue
		}
		if inner, ok := unknownKey(object, "name", "sample_rate", "items_per_second", "until"); ok {
			s.errorf(key, "must be an object%s, got the key %q", objects(section, "name, "), inner)
			continue
		}
		if object["name"] == nil {
			s.errorf(within(key, "name"), "must be the name of a namespace, or a pattern, got none")
			continue
		}
		if name, ok := s.value(within(key, "name"), reflect.TypeFor[string](), object["name"], false); ok {
			list = append(list, s.override(key, name, object))
		}
	}
	return list
}

// override returns an override with the keys of Override.
func (s *settings) override(key string, name any, object map[string]any) map[string]any {
	override := map[string]any{"name": name}
	switch hasRate, hasBudget := isGiven(object, "sample_rate"), isGiven(object, "items_per_second"); {
	case hasRate && hasBudget:
		s.errorf(key, hasBoth)
	case hasBudget:
		override["items_per_second"] = s.itemsPerSecond(within(key, "items_per_second"), object["items_per_second"])
	case !hasRate && canHaveBudgets(key):
		s.errorf(key, hasNeither)
	default:
		override["sample_rate"] = s.rate(within(key, "sample_rate"), object["sample_rate"])
	}
	switch value := object["until"]; until := parsed(value).(type) {
	case time.Time:
		override["until"] = until.Format(time.RFC3339Nano) // YAML decodes times
	case string:
		override["until"] = until
		if until == "" {
			s.errorf(within(key, "until"), "must be a time with its zone, such as 2026-12-01T00:00:00Z, got \"\" (leave it out, or write "+
				"null, if the override does not end)")
		}
	default:
		if isUnset(value) || until != nil {
			s.errorf(within(key, "until"), "must be a time with its zone, such as 2026-12-01T00:00:00Z, got %s", shown(value))
		}
	}
	return override
}

// canHaveBudgets reports whether a key is that of spans or log records alone.
func canHaveBudgets(key string) bool {
	return strings.HasPrefix(key, "tracing::") || strings.HasPrefix(key, "logs::")
}

// objects describes the objects that overrides of a section can be, after what else they can be.
func objects(section, name string) string {
	switch can := canHaveBudgets(section); {
	case can && name == "":
		return ", {sample_rate, until} or {items_per_second, until}"
	case can:
		return fmt.Sprintf(" {%[1]ssample_rate, until} or {%[1]sitems_per_second, until}", name)
	case name == "":
		return ", or {sample_rate, until}"
	}
	return fmt.Sprintf(" {%ssample_rate, until}", name)
}

// isGiven reports whether an object has a value for a key. A null that a file spells is none.
func isGiven(object map[string]any, key string) bool {
	value, ok := object[key]
	return ok && (isUnset(value) || parsed(value) != nil)
}

// wholeName returns the name that was probably split into nested keys.
func wholeName(name string, value any) string {
	for {
		object, _ := parsed(value).(map[string]any)
		inner, ok := unknownKey(object, "sample_rate", "items_per_second", "until")
		if !ok {
			return name
		}
		name, value = name+confmap.KeyDelimiter+inner, object[inner]
	}
}

// unknownKey returns the first key of an object that is not known.
func unknownKey(object map[string]any, known ...string) (string, bool) {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(known, key) {
			return key, true
		}
	}
	return "", false
}
