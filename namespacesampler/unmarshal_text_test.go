// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// ambiguous are texts that YAML takes for something else.
var ambiguous = []string{
	"0", "true", "no", "null", "~", "1042", "1.0", "007", "0x10", "1e3", "2026-12-01", "2026-12-01T00:00:00Z", "[a]", "{a: b}", "a: b", "[a", "- a", "'a'",
	"password='a: b' user=x", "# no comment",
}

// in returns the value of the key in a configuration.
func (k configKey) in(cfg *namespacesampler.Config) reflect.Value {
	value := reflect.ValueOf(cfg).Elem()
	for _, name := range k.path {
		if get := value.Addr().MethodByName("Get"); get.IsValid() {
			value = get.Call(nil)[0].Elem()
		}
		value = fieldNamed(value, name)
	}
	return value
}

func fieldNamed(section reflect.Value, key string) (found reflect.Value) {
	for field, value := range section.Fields() {
		switch name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ","); {
		case options == "squash":
			if inner := fieldNamed(value, key); inner.IsValid() {
				return inner
			}
		case name == key:
			return value
		}
	}
	return reflect.Value{}
}

// textKeys returns the keys that are text and those that are lists of texts, without those that allow only certain texts.
func textKeys() (texts, lists []configKey) {
	for _, key := range configKeys(reflect.TypeFor[namespacesampler.Config]()) {
		switch {
		case reflect.PointerTo(key.typ).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		case key.typ.Kind() == reflect.String:
			texts = append(texts, key)
		case key.typ.Kind() == reflect.Slice && key.typ.Elem().Kind() == reflect.String:
			lists = append(lists, key)
		}
	}
	return texts, lists
}

// everyText returns a configuration in YAML that sets all keys that are text, and adds an element to all lists of texts.
func everyText(t *testing.T, text string) string {
	t.Helper()
	conf := confmap.New()
	texts, lists := textKeys()
	for _, key := range texts {
		require.NoError(t, conf.Merge(confmap.NewFromStringMap(key.section(text))))
	}
	for _, key := range lists {
		require.NoError(t, conf.Merge(confmap.NewFromStringMap(key.section([]any{"x", text}))))
	}
	yaml, err := json.Marshal(conf.ToStringMap()) // puts text in quotes
	require.NoError(t, err)
	return string(yaml)
}

func requireEveryText(t *testing.T, text string, section *confmap.Conf) {
	t.Helper()
	cfg := defaults()
	require.NoError(t, section.Unmarshal(cfg), text)
	texts, lists := textKeys()
	require.Greater(t, len(texts), 20)
	require.Greater(t, len(lists), 9)
	for _, key := range texts {
		require.Equal(t, text, key.in(cfg).String(), key)
	}
	for _, key := range lists {
		require.Equal(t, []string{"x", text}, key.in(cfg).Convert(reflect.TypeFor[[]string]()).Interface(), key)
	}
}

func TestTextFromAVariableStaysWhatItIs(t *testing.T) {
	yaml := everyText(t, "${env:TEXT}")
	for _, text := range ambiguous {
		t.Setenv("TEXT", text)
		requireEveryText(t, text, samplertest.Resolve(t, yaml))
	}
}

func TestTextInQuotesStaysWhatItIs(t *testing.T) {
	for _, text := range ambiguous {
		requireEveryText(t, text, samplertest.Resolve(t, everyText(t, text)))
	}
}

func TestTextFromAVariableStaysWhatItIsInAnyFormOfTheReference(t *testing.T) {
	for _, text := range ambiguous {
		t.Setenv("TEXT", text)
		for _, form := range []string{"${env:TEXT}", "'${env:TEXT}'", `"${TEXT}"`, "${env:TEXT:-default}", `"${env:UNSET:-` + text + `}"`} {
			if strings.Contains(form, "UNSET") && strings.ContainsAny(text, "{}") {
				continue // braces end the reference
			}
			cfg := defaults()
			require.NoError(t, samplertest.Resolve(t, "postgres:\n  overrides:\n    channel: "+form).Unmarshal(cfg), "%s: %s", form, text)
			assert.Equal(t, text, cfg.Postgres.Get().Overrides.Channel, form)
		}
	}
}

func TestWholeNumbersAndSwitchesInAFileAreTextToo(t *testing.T) {
	for value, want := range map[any]string{1042: "1042", -1: "-1", 0: "0", true: "true", false: "false"} {
		cfg := defaults()
		require.NoError(t, confmap.NewFromStringMap(map[string]any{
			"namespace":  map[string]any{"missing_values": []any{"", value}},
			"namespaces": []any{map[string]any{"name": value, "sample_rate": 0.5}},
		}).Unmarshal(cfg))
		assert.Equal(t, []string{"", want}, cfg.Namespace.MissingValues)
		assert.Equal(t, want, cfg.Namespaces[0].Name)
	}
}

// YAML has no text of what it reads as another type: 1.0 and 1.00 are the same number.
func TestTextThatYAMLReadsAsSomethingElseMustBeInQuotes(t *testing.T) {
	texts, lists := textKeys()
	for shown, value := range map[string]any{
		"0.5": 0.5, "the time 2026-12-01T00:00:00Z": time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), "a map": map[string]any{"a": "b"},
	} {
		for _, key := range texts {
			err := confmap.NewFromStringMap(key.section(value)).Unmarshal(defaults())
			require.ErrorContains(t, err, key.String()+": must be text")
			require.ErrorContains(t, err, "put it in quotes")
		}
		for _, key := range lists {
			err := confmap.NewFromStringMap(key.section([]any{"x", value})).Unmarshal(defaults())
			require.ErrorContains(t, err, fmt.Sprintf("%s::1: must be text, got %s; put it in quotes", key, shown))
			require.ErrorContains(t, confmap.NewFromStringMap(key.section([]any{nil})).Unmarshal(defaults()), key.String()+"::0: must have a value, got null")
		}
	}
	err := confmap.NewFromStringMap(map[string]any{"postgres": map[string]any{"dsn": 1234.5}}).Unmarshal(defaults())
	require.NotContains(t, err.Error(), "1234", "it could be a secret")
}

func TestTheCollectorSplitsOneTextInPlaceOfAList(t *testing.T) {
	t.Setenv("NAMES", "7,007")
	t.Setenv("LIST", "[domain, namespace]")
	cfg := defaults()
	require.NoError(t, samplertest.Resolve(t, "namespace: {attributes: '${env:LIST}', missing_values: '${env:NAMES}'}").Unmarshal(cfg))
	assert.Equal(t, []string{"domain", "namespace"}, cfg.Namespace.Attributes)
	assert.Equal(t, []string{"7", "007"}, cfg.Namespace.MissingValues)
}

func TestTextsInListsOfObjectsAndInMapsStayWhatTheyAre(t *testing.T) {
	for _, text := range ambiguous {
		t.Setenv("TEXT", text)
		for _, headers := range []string{"{X-A: '${env:TEXT}'}", "[{name: X-A, value: '${env:TEXT}'}]"} {
			cfg := defaults()
			require.NoError(t, samplertest.Resolve(t, `
namespaces: [{name: "${env:TEXT}", sample_rate: 1}]
postgres: {dsn: host=a, lookups: [{attribute: "${env:TEXT}", query: "${env:TEXT}"}]}
inspect: {response_headers: `+headers+"}").Unmarshal(cfg), text)
			assert.Equal(t, text, cfg.Namespaces[0].Name)
			assert.Equal(t, text, cfg.Postgres.Get().Lookups[0].Attribute)
			assert.Equal(t, text, cfg.Postgres.Get().Lookups[0].Query)
			header, _ := cfg.Inspect.Get().ResponseHeaders.Get("X-A")
			assert.Equal(t, text, string(header))
		}
	}
}

func TestConditionsThatHoldAColonAreTakenFromVariables(t *testing.T) {
	t.Setenv("CONDITION", `span.name == "GET: /"`)
	cfg := defaults()
	require.NoError(t, samplertest.Resolve(t, `tracing: {always_keep: ["${env:CONDITION}"]}`).Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	assert.Equal(t, namespacesampler.Conditions{`span.name == "GET: /"`}, cfg.Tracing.AlwaysKeep)
}
