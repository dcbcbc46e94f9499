// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/spelling"
)

// settings converts the values of a configuration to what decoding into the fields of Config expects, and collects what is wrong
// with them. It leaves wrong types to decoding where that refuses them.
type settings struct {
	errs []error
}

func (s *settings) errorf(key, format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if key != "" {
		err = fmt.Errorf("%s: %w", key, err)
	}
	s.errs = append(s.errs, err)
}

// section converts the values of a section.
func (s *settings) section(key string, typ reflect.Type, section map[string]any) map[string]any {
	fields := fieldsOf(typ)
	converted := make(map[string]any, len(section))
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(section)) {
		field, ok := fields[name]
		if !ok {
			unknown = append(unknown, name)
			continue
		}
		if value, ok := s.value(within(key, name), field, section[name], isNullable(field)); ok {
			converted[name] = value
		}
	}
	s.unknown(key, unknown, slices.Sorted(maps.Keys(fields)))
	return converted
}

// within returns the key of a name in a section.
func within(section, name string) string {
	switch {
	case section == "":
		return name
	case name == "":
		name = `""`
	}
	return section + confmap.KeyDelimiter + name
}

// unknown reports the unknown keys of a section.
func (s *settings) unknown(section string, names, known []string) {
	if len(names) == 0 {
		return
	}
	for i, name := range names {
		if near, ok := spelling.Nearest(context.Background(), name, known); ok {
			names[i] += fmt.Sprintf(" (did you mean %s?)", near)
		}
	}
	s.errorf(section, "has invalid keys: %s", strings.Join(names, ", "))
}

// value converts the value of a key. It returns false if the key counts as left out.
func (s *settings) value(key string, typ reflect.Type, value any, nullable bool) (any, bool) {
	switch {
	case isText(typ) && !isBlank(value):
		return s.text(key, typ, value)
	case isUnset(value):
		s.errorf(key, "must have a value, got %s", shown(value))
		return nil, false
	case parsed(value) == nil:
		if !nullable {
			s.errorf(key, "must have a value, got null (leave the key out for its default)")
		}
		return nil, false
	case typ == reflect.TypeFor[Overrides]():
		return s.overrides(key, value)
	case typ.Kind() == reflect.Slice:
		return s.list(key, typ, value)
	}
	if section, ok := parsed(value).(map[string]any); ok && isSection(typ) {
		return s.section(key, typ, section), true
	}
	return s.scalar(key, typ, value), true
}

// list converts the values of a list.
func (s *settings) list(key string, typ reflect.Type, value any) (any, bool) {
	switch elements := parsed(value).(type) {
	case []any:
		list := slices.Clone(elements)
		for i, element := range elements {
			list[i], _ = s.value(within(key, strconv.Itoa(i)), typ.Elem(), element, false)
		}
		return list, true
	case map[string]any:
		if typ == reflect.TypeFor[configopaque.MapList]() { // its other form
			texts := make(map[string]any, len(elements))
			for _, name := range slices.Sorted(maps.Keys(elements)) {
				texts[name], _ = s.value(within(key, name), reflect.TypeFor[configopaque.String](), elements[name], false)
			}
			return texts, true
		}
	}
	switch {
	case typ == reflect.TypeFor[Conditions]():
		s.condition(key, value)
		return nil, false
	case isText(typ.Elem()):
		return s.text(key, typ.Elem(), value) // decoding splits it at its commas
	}
	return parsed(value), true
}

// condition refuses a single condition in place of a list, because decoding would split it at its commas.
func (s *settings) condition(key string, value any) {
	text, ok := original(value)
	if !ok {
		text = "span.status.code == STATUS_CODE_ERROR"
	}
	s.errorf(key, "must be a list of OTTL conditions, e.g. ['%s'], got %s", text, shown(value))
}
