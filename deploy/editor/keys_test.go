// SPDX-License-Identifier: Apache-2.0

package editor

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
)

// inLists is the last part of the key of what a list holds.
const inLists = "[]"

func within(section, name string) string {
	if section == "" {
		return name
	}
	return section + "::" + name
}

// goKeys adds the fields of a section of the configuration, with their defaults, by their keys.
func goKeys(keys map[string]reflect.Value, section string, value reflect.Value) {
	for field, value := range value.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		switch {
		case !field.IsExported() || name == "-":
		case options == "squash":
			goKeys(keys, section, value)
		default:
			goKey(keys, within(section, name), value)
		}
	}
}

func goKey(keys map[string]reflect.Value, key string, value reflect.Value) {
	keys[key] = value
	typ := value.Type()
	insert := value.Addr().MethodByName("GetOrInsertDefault")
	switch {
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct:
		goKeys(keys, within(key, inLists), reflect.New(typ.Elem()).Elem())
		if typ == reflect.TypeFor[namespacesampler.Overrides]() && !strings.HasPrefix(key, "tracing::") && !strings.HasPrefix(key, "logs::") {
			delete(keys, within(within(key, inLists), "items_per_second")) // a budget is of spans or of log records
		}
	case insert.IsValid():
		keys[within(key, "enabled")] = reflect.ValueOf(true)
		goKeys(keys, key, insert.Call(nil)[0].Elem())
	case typ.Kind() == reflect.Struct && !value.Addr().Type().Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		goKeys(keys, key, value)
	}
}

func configurationKeys() map[string]reflect.Value {
	keys := map[string]reflect.Value{}
	goKeys(keys, "", reflect.ValueOf(defaults()).Elem())
	return keys
}

// schemaKeys adds the properties of a section in a schema, by their keys.
func schemaKeys(keys map[string]*jsonschema.Schema, section string, schema *jsonschema.Schema) {
	for name, property := range schema.Properties {
		key := within(section, name)
		keys[key] = property
		schemaKeys(keys, key, property)
		if property.Items2020 != nil {
			schemaKeys(keys, within(key, inLists), property.Items2020)
		}
	}
}

func TestTheSchemaHasTheKeysOfTheConfiguration(t *testing.T) {
	keys := map[string]*jsonschema.Schema{}
	schemaKeys(keys, "", compile(t, processorSchema))
	got, want := slices.Sorted(maps.Keys(keys)), slices.Sorted(maps.Keys(configurationKeys()))
	require.Greater(t, len(want), 130)
	assert.Equal(t, want, got)
	for key, schema := range keys {
		if !strings.HasPrefix(key, "inspect::response_headers::") {
			assert.True(t, strings.HasSuffix(schema.Description, "."), "%s is described: %q", key, schema.Description)
			assert.NotContains(t, schema.Description, "](", "%s: editors show no Markdown", key)
		}
	}
}

// Overrides have two forms, which must be described alike.
func TestTheMapOfOverridesHasTheKeysOfTheList(t *testing.T) {
	keys := map[string]*jsonschema.Schema{}
	schemaKeys(keys, "", compile(t, processorSchema))
	for _, key := range []string{"namespaces", "tracing::namespaces", "metrics::namespaces", "logs::namespaces"} {
		list, byName := keys[key].Items2020.Properties, keys[key].AdditionalProperties.(*jsonschema.Schema).Properties
		assert.ElementsMatch(t, slices.Collect(maps.Keys(list)), append(slices.Collect(maps.Keys(byName)), "name"), key)
		for name, property := range byName {
			assert.Equal(t, list[name].Description, property.Description)
			assert.Equal(t, list[name].Types.ToStrings(), property.Types.ToStrings())
		}
	}
}

func TestTheSchemaHasTheDefaultsOfTheConfiguration(t *testing.T) {
	keys := map[string]*jsonschema.Schema{}
	schemaKeys(keys, "", compile(t, processorSchema))
	given := 0
	for key, value := range configurationKeys() {
		schema := keys[key]
		if schema == nil || strings.HasSuffix(key, "::enabled") && schema.Default == nil || len(schema.Properties) > 0 {
			continue // of sections the keys are compared
		}
		if schema.Default == nil {
			assert.True(t, value.IsZero() || value.Kind() == reflect.Slice && value.Len() == 0, "%s has the default %v", key, value)
			continue
		}
		given++
		if duration, ok := value.Interface().(time.Duration); ok {
			def, err := time.ParseDuration((*schema.Default).(string))
			require.NoError(t, err, key)
			assert.Equal(t, duration, def, key)
			continue
		}
		assert.Equal(t, fmt.Sprint(value), fmt.Sprint(*schema.Default), key)
	}
	assert.Greater(t, given, 70)
}
