// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"encoding"
	"maps"
	"reflect"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// fieldsOf returns the types of the fields of a section by their keys.
func fieldsOf(section reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	if inner := optional(section); inner != nil {
		fields["enabled"], section = reflect.TypeFor[bool](), inner
	}
	for field := range section.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get(confmap.MapstructureTag), ",")
		switch {
		case !field.IsExported() || name == "-":
		case options == "squash":
			maps.Copy(fields, fieldsOf(field.Type))
		case name == "":
			fields[field.Name] = field.Type
		default:
			fields[name] = field.Type
		}
	}
	return fields
}

// optional returns the type of the value of a configoptional.Optional, or nil for other types.
func optional(typ reflect.Type) reflect.Type {
	get, ok := reflect.PointerTo(typ).MethodByName("Get")
	if !ok || typ.Kind() != reflect.Struct || get.Type.NumIn() != 1 {
		return nil
	}
	return get.Type.Out(0).Elem()
}

// isSection reports whether values of a type are sections.
func isSection(typ reflect.Type) bool { return typ.Kind() == reflect.Struct && !isText(typ) }

// isText reports whether values of a type are text.
func isText(typ reflect.Type) bool {
	return typ.Kind() == reflect.String || reflect.PointerTo(typ).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// isNullable reports whether a key of a type can be null: sections, lists and optional values can.
func isNullable(typ reflect.Type) bool {
	return isSection(typ) || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer
}
