// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"errors"
	"reflect"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/xconfmap"
)

var _ confmap.Unmarshaler = (*Config)(nil)

// Unmarshal implements confmap.Unmarshaler. It takes text as it stands in a file or an environment variable, and refuses what
// decoding would silently change: an environment variable that is not set, and a null, where a value is expected, which would
// become 0 or false, so that a missing rate would drop everything; a fraction where a whole number is expected; a single condition
// in place of a list, which would be split at commas; and overrides in no valid form. A section, list or optional value that a file
// sets to null is treated as absent.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	var s settings
	section := s.section("", reflect.TypeFor[Config](), xconfmap.ToStringMapRaw(conf))
	if len(s.errs) > 0 {
		return errors.Join(s.errs...)
	}
	type fields Config // without this method
	return confmap.NewFromStringMap(section).Unmarshal((*fields)(c))
}
