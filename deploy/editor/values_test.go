// SPDX-License-Identifier: Apache-2.0

package editor

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// samples are values of all types, some of which each key takes.
var samples = []any{
	nil, true, false, 0, 1, -1, 2, 1.5, 0.5, 1 << 40, 1_000_000,
	"", "text", "a, b", "1", "true", "0", "10s", "0s", "-10s", "10", "2030-01-01T00:00:00Z", "2030",
	[]any{},
	[]any{"a"},
	[]any{"a", "a"},
	[]any{""},
	[]any{1},
	[]any{nil},
	[]any{map[string]any{}},
	map[string]any{},
	map[string]any{"a": 0.5},
	map[string]any{"a": "b"},
	map[string]any{"a": nil},
	map[string]any{"a": map[string]any{}},
}

// settingsWith returns settings in which a key has a value, and is the only one that may be wrong.
func settingsWith(key string, value any) map[string]any {
	all := map[string]any{"consistent_by": []any{"a"}}
	path := strings.Split(key, "::")
	section := all
	for _, name := range path[:len(path)-1] {
		inner := map[string]any{}
		section[name] = inner
		section = inner
	}
	if postgres, ok := all["postgres"].(map[string]any); ok {
		postgres["dsn"] = "host=localhost"
	}
	if strings.HasSuffix(key, "::budget::enabled") {
		section["items_per_second"] = 1
	}
	section[path[len(path)-1]] = value
	return all
}

// checkedByTheCollector are errors of configurations that a schema cannot find.
var checkedByTheCollector = []*regexp.Regexp{
	regexp.MustCompile(`must be an OTTL condition`),
	regexp.MustCompile(`postgres::dsn: is not a valid connection URL`),
	regexp.MustCompile(`postgres::(overrides|fleet)::table: must be the name of a table`),
	regexp.MustCompile(`postgres::layout: none leaves nothing to read`),
	regexp.MustCompile(`metrics::rescale_delta: must be false with metrics::by series`),
	regexp.MustCompile(`inspect::endpoint: must be host:port`),
	regexp.MustCompile(`inspect::allowed_hosts::\d: must be the name or the address of a host`),
	regexp.MustCompile(`inspect: serverconfig::netaddr: named pipe path must start with`),
	regexp.MustCompile(`inspect: serverconfig::tls: .*TLS configuration must include both certificate and key`),
}

// Only such values are accepted by the configuration and not by the schema: a number in place of a duration, which has no unit; a negative limit
// of the HTTP server; a number or switch in place of a list of texts; and a switch in place of the name of an extension.
func isForgiven(typ reflect.Type, value any) bool {
	text, isText := value.(string)
	isText = isText || value == nil
	switch {
	case typ == reflect.TypeFor[time.Duration]():
		return !isText || strings.HasPrefix(text, "-")
	case typ == reflect.TypeFor[component.ID]():
		return reflect.TypeOf(value).Kind() == reflect.Bool
	case typ.Kind() == reflect.Slice:
		return !isText && reflect.TypeOf(value).Kind() != reflect.Slice && reflect.TypeOf(value).Kind() != reflect.Map
	}
	return false
}

func TestTheSchemaAcceptsTheValuesThatTheConfigurationAccepts(t *testing.T) {
	schema := compile(t, processorSchema)
	keys, fields := map[string]*jsonschema.Schema{}, configurationKeys()
	schemaKeys(keys, "", schema)
	agreed, left := 0, map[*regexp.Regexp]bool{}
	for key, property := range keys {
		if strings.Contains(key, inLists) {
			continue // whole settings have lists
		}
		values := slices.Concat(samples, bounds(property))
		if property.AnyOf != nil {
			values = append(values, property.AnyOf[0].Enum.Values...)
		}
		for _, value := range values {
			settings := settingsWith(key, value)
			err, invalid := load(confmap.NewFromStringMap(settings)), schema.Validate(settings)
			switch {
			case (err == nil) == (invalid == nil):
				agreed++
			case err == nil:
				assert.True(t, isForgiven(fields[key].Type(), value), "%s: the configuration accepts %#v\n%v", key, value, invalid)
			default:
				reason := slices.IndexFunc(checkedByTheCollector, func(r *regexp.Regexp) bool { return r.MatchString(err.Error()) })
				if assert.GreaterOrEqual(t, reason, 0, "%s: the schema accepts %#v\n%v", key, value, err) {
					left[checkedByTheCollector[reason]] = true
				}
			}
		}
	}
	assert.Greater(t, agreed, 4000)
	assert.Len(t, left, len(checkedByTheCollector), "all of them occur")
}

func TestTheSchemaHasTheChoicesOfTheConfiguration(t *testing.T) {
	keys := map[string]*jsonschema.Schema{}
	schemaKeys(keys, "", compile(t, processorSchema))
	compared := 0
	for key, property := range keys {
		if property.AnyOf == nil || property.AnyOf[0].Enum == nil || strings.HasPrefix(key, "inspect::") {
			continue
		}
		compared++
		var choices []string
		for _, value := range property.AnyOf[0].Enum.Values {
			choices = append(choices, value.(string))
		}
		err := load(confmap.NewFromStringMap(settingsWith(key, "another")))
		assert.ErrorContains(t, err, key+": must be "+strings.Join(choices, " or ")+", got")
	}
	assert.Equal(t, 6, compared)
}

// bounds returns numbers at the bounds of a key, and beyond them.
func bounds(schema *jsonschema.Schema) (values []any) {
	if schema.Minimum != nil {
		least, _ := schema.Minimum.Float64()
		values = append(values, least, least-1)
	}
	if schema.ExclusiveMinimum != nil {
		least, _ := schema.ExclusiveMinimum.Float64()
		values = append(values, least)
	}
	if schema.Maximum != nil {
		most, _ := schema.Maximum.Float64()
		values = append(values, most, most+1)
	}
	return values
}
