// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

var _ confmap.Unmarshaler = (*Config)(nil)

// Unmarshal implements confmap.Unmarshaler. It refuses what decoding would silently make something else: a key without a value, which
// would be 0 or false, so that a rate whose environment variable is not set would drop everything; and a fraction where a whole
// number belongs; and overrides that have none of their forms. A section, a list or an optional value that is null is as if it were left out, which is how the collector prints
// them.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	section := conf.ToStringMap()
	errs := listOverrides(section)
	if err := errors.Join(append(errs, plain("", section, reflect.TypeFor[Config]())...)...); err != nil {
		return err
	}
	type fields Config // not an Unmarshaler
	return confmap.NewFromStringMap(section).Unmarshal((*fields)(c))
}

// plain returns an error for each value of a section that does not say what it would be decoded to, and removes what is as if it
// were left out.
func plain(path string, section map[string]any, typ reflect.Type) (errs []error) {
	for _, key := range slices.Sorted(maps.Keys(section)) {
		field := fieldOf(typ, key)
		switch value := section[key].(type) {
		case nil:
			if field != nil && isOptional(field) {
				delete(section, key)
				continue
			}
			errs = append(errs, fmt.Errorf("%s%s: must have a value, got null (leave the key out to have its default; "+
				"an environment variable that is not set is null)", path, key))
		case float64:
			if field != nil && field.Kind() == reflect.Int && value != math.Trunc(value) {
				errs = append(errs, fmt.Errorf("%s%s: must be a whole number, got %v", path, key, value))
			}
		case string:
			if field == reflect.TypeFor[Conditions]() { // which decoding would cut at its commas
				errs = append(errs, fmt.Errorf("%s%s: must be a list of OTTL conditions, e.g. ['%s'], got %q", path, key, value, value))
			}
		case map[string]any:
			errs = append(errs, plain(path+key+confmap.KeyDelimiter, value, field)...)
		}
	}
	return errs
}

// fieldOf returns the type of a key of a section: a field's, or that of what a map or an optional section holds; nil where there is none.
func fieldOf(typ reflect.Type, key string) reflect.Type {
	if typ == nil {
		return nil
	}
	if typ.Kind() == reflect.Map {
		return typ.Elem()
	}
	get, ok := reflect.PointerTo(typ).MethodByName("Get")
	if ok && get.Type.NumIn() == 1 && get.Type.NumOut() == 1 && get.Type.Out(0).Kind() == reflect.Pointer { // configoptional.Optional
		typ = get.Type.Out(0).Elem()
	}
	if typ.Kind() != reflect.Struct {
		return nil
	}
	for field := range typ.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		if name == key {
			return field.Type
		}
		if options == "squash" {
			if inner := fieldOf(field.Type, key); inner != nil {
				return inner
			}
		}
	}
	return nil
}

// isOptional reports whether a key of a type can be without a value: sections and lists have defaults, pointers mean "not set".
func isOptional(typ reflect.Type) bool {
	switch typ.Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Pointer:
		return true
	default:
		return false
	}
}
