// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"
)

// overrideSections are the keys of overrides.
var overrideSections = []string{"namespaces", "tracing::namespaces", "metrics::namespaces"}

// listOverrides converts the overrides of a configuration from either form to lists, and returns an error for each that is in
// neither.
func listOverrides(config map[string]any) (errs []error) {
	for _, path := range overrideSections {
		section, key := config, path
		if outer, inner, nested := strings.Cut(path, confmap.KeyDelimiter); nested {
			section, _ = config[outer].(map[string]any)
			key = inner
		}
		form, ok := section[key]
		if !ok || form == nil {
			continue
		}
		u := unmarshalling{path: path}
		switch form := form.(type) {
		case map[string]any:
			u.fromMap(form)
		case []any:
			u.fromList(form)
		default:
			u.errorf("", "must map names of namespaces to rates, such as {payments: 0.5}, or be a list of "+
				"{name, sample_rate, until}, got %v", form)
		}
		if section[key] = u.list; len(u.list) == 0 {
			delete(section, key)
		}
		errs = append(errs, u.errs...)
	}
	return errs
}

// unmarshalling converts the overrides of one section to a list.
type unmarshalling struct {
	path string
	list []any // of map[string]any, with the keys of Override
	errs []error
}

func (u *unmarshalling) errorf(key, format string, args ...any) {
	if key != "" {
		key = confmap.KeyDelimiter + key
	}
	u.errs = append(u.errs, fmt.Errorf("%s%s: %w", u.path, key, fmt.Errorf(format, args...)))
}

// fromMap adds the overrides of a map. A name without a value removes the override of an earlier file.
func (u *unmarshalling) fromMap(byName map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		switch value := byName[name].(type) {
		case nil:
		case map[string]any:
			if inner, ok := unknownKey(value, "sample_rate", "until"); ok {
				whole := wholeName(name, value)
				u.errorf(name, `must be a rate between 0 and 1, or {sample_rate, until}, got the key %q (if the name is %q: a name `+
					`that holds "::" cannot be a key; list it, such as namespaces: [{name: %q, sample_rate: 0.5}])`,
					inner, whole, whole)
				continue
			}
			u.add(name, name, value)
		default:
			u.add(name, name, map[string]any{"sample_rate": value})
		}
	}
}

// fromList adds the overrides of a list of objects.
func (u *unmarshalling) fromList(list []any) {
	for i, element := range list {
		key := fmt.Sprint(i)
		object, ok := element.(map[string]any)
		if !ok {
			u.errorf(key, "must be an object {name, sample_rate, until}, got %v", element)
			continue
		}
		name, ok := object["name"].(string)
		if !ok {
			u.errorf(key+"::name", "must be the name of a namespace, or a pattern, got %v", object["name"])
			continue
		}
		if inner, ok := unknownKey(object, "name", "sample_rate", "until"); ok {
			u.errorf(key, "must be an object {name, sample_rate, until}, got the key %q", inner)
			continue
		}
		u.add(key, name, object)
	}
}

// add adds one override.
func (u *unmarshalling) add(key, name string, object map[string]any) {
	override := map[string]any{"name": name}
	switch probability := object["sample_rate"].(type) {
	case float64, int, int32, int64, uint64:
		override["sample_rate"] = probability
	case nil:
		u.errorf(key+"::sample_rate", "must be a rate between 0 and 1, got none")
	default:
		u.errorf(key, "must be a rate between 0 and 1, got %#v", probability)
	}
	switch until := object["until"].(type) {
	case nil:
	case time.Time:
		override["until"] = until.Format(time.RFC3339Nano) // YAML decodes times
	case string:
		override["until"] = until
	default:
		u.errorf(key+"::until", "must be a time with its zone, such as 2026-12-01T00:00:00Z, got %v", until)
	}
	u.list = append(u.list, override)
}

// wholeName returns the name that was probably split into nested keys.
func wholeName(name string, value any) string {
	for {
		object, _ := value.(map[string]any)
		inner, ok := unknownKey(object, "sample_rate", "until")
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
