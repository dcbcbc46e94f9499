// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
)

// configKey is a key of the configuration.
type configKey struct {
	path []string
	typ  reflect.Type
}

func (k configKey) String() string { return strings.Join(k.path, "::") }

// section returns a configuration that sets the key to a value, or, without a value, one that has the sections around it only.
func (k configKey) section(value ...any) map[string]any {
	root := map[string]any{}
	inner := root
	for _, name := range k.path[:len(k.path)-1] {
		next := map[string]any{}
		inner[name] = next
		inner = next
	}
	if len(value) > 0 {
		inner[k.path[len(k.path)-1]] = value[0]
	}
	return root
}

// configKeys returns all keys of a struct, those of the sections in it included.
func configKeys(typ reflect.Type, path ...string) (keys []configKey) {
	for field := range typ.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		inner := sectionOf(field.Type)
		switch {
		case name == "-" || !field.IsExported():
		case options == "squash":
			keys = append(keys, configKeys(field.Type, path...)...)
		default:
			key := configKey{append(slices.Clone(path), name), field.Type}
			keys = append(keys, key)
			if inner != nil {
				keys = append(keys, configKeys(inner, key.path...)...)
			}
		}
	}
	return keys
}

// sectionOf returns the struct of a section or an optional section, or nil for other types.
func sectionOf(typ reflect.Type) reflect.Type {
	if get, ok := reflect.PointerTo(typ).MethodByName("Get"); ok && typ.Kind() == reflect.Struct && get.Type.NumIn() == 1 { // configoptional.Optional
		typ = get.Type.Out(0).Elem()
	}
	if typ.Kind() != reflect.Struct || reflect.PointerTo(typ).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return nil
	}
	return typ
}

// A null would become 0 or false, so that a rate whose environment variable is not set would drop everything.
func TestNullIsRefusedForScalarsAndIgnoredForSectionsListsAndOptionalValues(t *testing.T) {
	keys := configKeys(reflect.TypeFor[namespacesampler.Config]())
	require.Greater(t, len(keys), 80)
	refused := 0
	for _, key := range keys {
		cfg := defaults()
		err := confmap.NewFromStringMap(key.section(nil)).Unmarshal(cfg)
		switch isText := reflect.PointerTo(key.typ).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()); {
		case !isText && slices.Contains([]reflect.Kind{reflect.Struct, reflect.Map, reflect.Slice, reflect.Pointer}, key.typ.Kind()):
			if !assert.NoError(t, err, key) {
				continue
			}
			want := defaults()
			require.NoError(t, confmap.NewFromStringMap(key.section()).Unmarshal(want))
			assert.Equal(t, want, cfg, key)
		default:
			assert.ErrorContains(t, err, key.String()+": must have a value, got null", key)
			refused++
		}
	}
	assert.Greater(t, refused, 50)
}

func TestUnknownKeysAreRefusedWithTheNearestKnownKey(t *testing.T) {
	for want, path := range map[string][]string{
		"has invalid keys: sample_rat (did you mean sample_rate?)":                     {"sample_rat"},
		"has invalid keys: budget":                                                     {"budget"},
		"tracing: has invalid keys: enable (did you mean enabled?)":                    {"tracing", "enable"},
		"postgres::cache: has invalid keys: TTL":                                       {"postgres", "cache", "TTL"},
		"inspect: has invalid keys: end_point (did you mean endpoint?)":                {"inspect", "end_point"},
		"inspect::tls: has invalid keys: client_ca_fil (did you mean client_ca_file?)": {"inspect", "tls", "client_ca_fil"},
	} {
		for _, value := range []any{1, nil, map[string]any{}} {
			require.ErrorContains(t, confmap.NewFromStringMap(configKey{path: path}.section(value)).Unmarshal(defaults()), want)
		}
	}
	err := confmap.NewFromStringMap(map[string]any{"namespase": 1, "xyz": 2, "tracing": map[string]any{"memory": 3, "mod": 4}}).Unmarshal(defaults())
	require.ErrorContains(t, err, "tracing: has invalid keys: memory, mod (did you mean mode?)\n"+
		"has invalid keys: namespase (did you mean namespace?), xyz")
}

func TestUnknownKeysOfListedLookupsAreRefused(t *testing.T) {
	err := yamlOf(t, "postgres: {dsn: host=a, lookups: [{attribute: a, query: SELECT $1}, {attributes: a, query: SELECT $1}]}").Unmarshal(defaults())
	require.ErrorContains(t, err, "postgres::lookups::1: has invalid keys: attributes (did you mean attribute?)")
}

func TestFractionsAreRefusedForWholeNumbers(t *testing.T) {
	for _, key := range configKeys(reflect.TypeFor[namespacesampler.Config]()) {
		if isInt := key.typ.Kind() == reflect.Int || key.typ.Kind() == reflect.Int64; !isInt || key.typ == reflect.TypeFor[time.Duration]() {
			continue
		}
		err := confmap.NewFromStringMap(key.section(1.5)).Unmarshal(defaults())
		require.ErrorContains(t, err, fmt.Sprintf("%s: must be a whole number, got 1.5", key))
		require.NoError(t, confmap.NewFromStringMap(key.section(2.0)).Unmarshal(defaults()), "%s", key)
	}
}

func TestNullsAreRefused(t *testing.T) { // they would become 0 or false
	conf := confmap.NewFromStringMap(map[string]any{
		"sample_rate": nil,
		"namespaces":  map[string]any{"payments": map[string]any{"sample_rate": nil}},
		"tracing":     map[string]any{"enabled": nil},
		"postgres":    map[string]any{"wait": nil, "cache": map[string]any{"ttl": nil}},
	})
	err := conf.Unmarshal(defaults())
	for _, key := range []string{"sample_rate", "tracing::enabled", "postgres::wait", "postgres::cache::ttl"} {
		require.ErrorContains(t, err, key+": must have a value, got null")
	}
	require.ErrorContains(t, err, "namespaces::payments::sample_rate: must be a rate between 0 and 1, got none")
}

func TestSectionsAndOptionalValuesThatAreNullAreIgnored(t *testing.T) {
	cfg := defaults()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"namespace":  nil,
		"namespaces": nil,
		"tracing":    map[string]any{"sample_rate": nil, "namespaces": nil, "always_keep": nil, "trace_memory": nil},
		"spans":      nil,
		"metrics":    map[string]any{"detailed": nil},
		"postgres":   nil,
		"telemetry":  nil,
	}).Unmarshal(cfg))
	assert.Equal(t, defaults(), cfg)
}

func TestASingleConditionInPlaceOfAListIsRefused(t *testing.T) {
	for key, settings := range map[string]map[string]any{
		"tracing::always_keep":     {"tracing": map[string]any{"always_keep": `IsMatch(span.name, "x")`}},
		"spans::internal::match":   {"spans": map[string]any{"internal": map[string]any{"match": `IsMatch(span.name, "x")`}}},
		"metrics::detailed::match": {"metrics": map[string]any{"detailed": map[string]any{"match": `IsMatch(metric.name, "x")`}}},
	} {
		err := confmap.NewFromStringMap(settings).Unmarshal(defaults())
		require.ErrorContains(t, err, key+": must be a list of OTTL conditions, e.g. ['IsMatch(")
	}
}

func TestAllFractionsAreReportedAtOnce(t *testing.T) {
	err := confmap.NewFromStringMap(map[string]any{
		"tracing":   map[string]any{"sampling_precision": 3.9, "trace_memory": map[string]any{"max_traces": 1e5}},
		"postgres":  map[string]any{"max_connections": 1.5},
		"telemetry": map[string]any{"max_namespaces": 0.5},
	}).Unmarshal(defaults())
	require.ErrorContains(t, err, "postgres::max_connections: must be a whole number, got 1.5\n"+
		"telemetry::max_namespaces: must be a whole number, got 0.5\n"+
		"tracing::sampling_precision: must be a whole number, got 3.9")
}

// The collector prints configurations (print-config) as it decoded them, with defaults. What it prints loads again.
func TestPrintedConfigurationsLoadAgain(t *testing.T) {
	const redacted = "[REDACTED]" // as secrets are printed
	for name, settings := range map[string]map[string]any{
		"defaults":                     {},
		"defaults of postgres, server": {"postgres": map[string]any{"dsn": redacted}, "inspect": map[string]any{}},
		"everything": {
			"sample_rate": 0.5,
			"namespaces":  map[string]any{"payments": 1, "r*": map[string]any{"sample_rate": 0.5, "until": "2026-12-01T00:00:00Z"}},
			"tracing": map[string]any{
				"sample_rate": 0.25, "namespaces": []any{map[string]any{"name": "rust::a", "sample_rate": 0}},
				"always_keep": []any{`span.name == "a"`},
			},
			"metrics": map[string]any{"detailed": map[string]any{"sample_rate": 0, "match": []any{`metric.name == "a"`}}},
			"spans":   map[string]any{"internal": map[string]any{"enabled": false, "match": []any{`span.name == "b"`}}},
			"postgres": map[string]any{
				"dsn": redacted, "lookups": []any{map[string]any{"attribute": "a", "query": "SELECT $1"}}, "wait": 0,
			},
			"inspect": map[string]any{
				"endpoint": "localhost:0", "max_request_body_size": 10,
				"tls":              map[string]any{"cert_file": "a", "key_file": "b"},
				"cors":             map[string]any{"allowed_origins": []any{"https://example.com"}},
				"auth":             map[string]any{"authenticator": "basicauth"},
				"response_headers": map[string]any{"X-A": redacted},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := defaults()
			require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(cfg))
			printed := confmap.New()
			require.NoError(t, printed.Marshal(cfg))
			again := defaults()
			require.NoError(t, confmap.NewFromStringMap(printed.ToStringMap()).Unmarshal(again))
			assert.Equal(t, cfg, again)
		})
	}
}
