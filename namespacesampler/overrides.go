// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/confmap"
)

// Overrides map names of namespaces to rates in place of the global one.
type Overrides map[string]float64

var _ confmap.Unmarshaler = (*Overrides)(nil)

// Unmarshal implements confmap.Unmarshaler. It refuses what decoding would silently make a rate of 0: a null, and a name
// that holds confmap's delimiter and so arrives as a mapping.
func (o *Overrides) Unmarshal(conf *confmap.Conf) error {
	var errs []error
	entries := conf.ToStringMap()
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		switch entries[name].(type) {
		case nil:
			errs = append(errs, fmt.Errorf("%q: must be a rate between 0 and 1, got null", name))
		case map[string]any:
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
