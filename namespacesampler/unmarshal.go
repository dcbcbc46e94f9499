// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/confmap"
)

var (
	_ confmap.Unmarshaler = (*Config)(nil)
	_ confmap.Unmarshaler = (*Overrides)(nil)
)

// Unmarshal implements confmap.Unmarshaler. It refuses keys without a value, which decoding would silently make 0 or false:
// a rate whose environment variable is not set would drop everything.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if err := errors.Join(nulls("", conf.ToStringMap())...); err != nil {
		return err
	}
	return conf.Unmarshal(c)
}

// nulls returns an error for each key of a section that has no value.
func nulls(path string, section map[string]any) (errs []error) {
	for _, key := range slices.Sorted(maps.Keys(section)) {
		switch value := section[key].(type) {
		case nil:
			errs = append(errs, fmt.Errorf("%s%s: must have a value, got null (leave the key out to have its default; "+
				"an environment variable that is not set is null)", path, key))
		case map[string]any:
			errs = append(errs, nulls(path+key+confmap.KeyDelimiter, value)...)
		}
	}
	return errs
}

// Unmarshal implements confmap.Unmarshaler. It refuses names that hold confmap's delimiter, and so arrive as a mapping.
func (o *Overrides) Unmarshal(conf *confmap.Conf) error {
	var errs []error
	entries := conf.ToStringMap()
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if _, ok := entries[name].(map[string]any); ok {
			errs = append(errs, fmt.Errorf(
				`%q: must be a rate between 0 and 1, got a mapping (a name that holds "::" cannot be a key here)`, name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	rates := map[string]float64{}
	if err := conf.Unmarshal(&rates); err != nil {
		return err
	}
	*o = rates
	return nil
}
