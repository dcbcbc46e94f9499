// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"go.opentelemetry.io/collector/confmap"
)

var _ confmap.Unmarshaler = (*Config)(nil)

// Unmarshal implements confmap.Unmarshaler. It refuses what decoding would silently change: a null where a value is expected,
// which would become 0 or false, so that a rate whose environment variable is not set would drop everything; a fraction where a
// whole number is expected; a single condition in place of a list, which would be split at commas; and overrides in no valid
// form. A section, list or optional value that is null is treated as absent.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	defaults, err := completeDefaults()
	if err != nil {
		return err
	}
	section := conf.ToStringMap()
	errs := listOverrides(section)
	if err := errors.Join(append(errs, check("", section, defaults)...)...); err != nil {
		return err
	}
	type fields Config // without this method
	return confmap.NewFromStringMap(section).Unmarshal((*fields)(c))
}

// completeDefaults returns the default configuration, with all optional sections, as the collector prints it. It shows which keys
// have scalar values.
func completeDefaults() (map[string]any, error) {
	cfg := createDefaultConfig().(*Config)
	cfg.Postgres.GetOrInsertDefault()
	cfg.Inspect.GetOrInsertDefault()
	conf := confmap.New()
	if err := conf.Marshal(cfg); err != nil {
		return nil, fmt.Errorf("default configuration: %w", err)
	}
	return conf.ToStringMap(), nil
}

// conditionKeys are the keys of OTTL conditions.
var conditionKeys = []string{"tracing::always_keep", "spans::internal::match", "metrics::detailed::match"}

// The default configuration does not show all keys of the HTTP server. Of the others, these are sections and lists, which can be
// null, and whole numbers.
var (
	nullableServerKeys = []string{
		"inspect::auth", "inspect::auth::request_params", "inspect::compression_algorithms", "inspect::cors::allowed_headers",
		"inspect::cors::allowed_origins", "inspect::cors::exposed_headers", "inspect::dialer", "inspect::middlewares",
		"inspect::response_headers", "inspect::tls::cipher_suites", "inspect::tls::curve_preferences", "inspect::tls::tpm",
	}
	wholeServerKeys = []string{"inspect::cors::max_age", "inspect::max_request_body_size"}
)

// check returns an error for each value of a section that decoding would silently change, and removes nulls that are treated as
// absent.
func check(path string, section, defaults map[string]any) (errs []error) {
	for _, name := range slices.Sorted(maps.Keys(section)) {
		key := path + name
		fallback, known := defaults[name]
		switch value := section[name].(type) {
		case nil:
			if isNullable(fallback, known) || slices.Contains(nullableServerKeys, key) {
				delete(section, name)
				continue
			}
			errs = append(errs, fmt.Errorf("%s: must have a value, got null (leave the key out for its default; "+
				"an environment variable that is not set is null)", key))
		case float64:
			if _, ok := fallback.(int); (ok || slices.Contains(wholeServerKeys, key)) && value != math.Trunc(value) {
				errs = append(errs, fmt.Errorf("%s: must be a whole number, got %v", key, value))
			}
		case string:
			if slices.Contains(conditionKeys, key) {
				errs = append(errs, fmt.Errorf("%s: must be a list of OTTL conditions, e.g. ['%s'], got %q", key, value, value))
			}
		case map[string]any:
			inner, _ := fallback.(map[string]any)
			errs = append(errs, check(key+confmap.KeyDelimiter, value, inner)...)
		}
	}
	return errs
}

// isNullable reports whether a key with this default can be null: sections, lists and optional values can.
func isNullable(fallback any, known bool) bool {
	switch fallback.(type) {
	case nil, map[string]any, []any:
		return known
	}
	return false
}
