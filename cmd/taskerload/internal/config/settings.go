// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// setting is a key below the processor, such as tracing::sampler, with a value in place of the configuration file's.
type setting struct{ key, value string }

// argument is how the collector is told.
func (s setting) argument(id string) string {
	return "--set=processors::" + id + "::" + s.key + "=" + s.value
}

// lay puts settings over the processor's section of the configuration file, as the collector does.
func lay(settings []setting, section *yaml.Node) (*yaml.Node, error) {
	if len(settings) == 0 {
		return section, nil
	}
	all := map[string]any{}
	if err := section.Decode(&all); err != nil {
		return nil, err
	}
	for _, s := range settings {
		if err := s.put(all); err != nil {
			return nil, err
		}
	}
	out := new(yaml.Node)
	return out, out.Encode(all)
}

func (s setting) put(in map[string]any) error {
	keys := strings.Split(s.key, "::")
	for _, key := range keys[:len(keys)-1] {
		below, ok := in[key].(map[string]any)
		if !ok {
			if in[key] != nil {
				return fmt.Errorf("%s: cannot be set to %s: %s is no mapping", s.key, s.value, key)
			}
			below = map[string]any{}
			in[key] = below
		}
		in = below
	}
	var value any
	if err := yaml.Unmarshal([]byte(s.value), &value); err != nil {
		return fmt.Errorf("%s: %w", s.key, err)
	}
	in[keys[len(keys)-1]] = value
	return nil
}

// idleNamespace is one that does not occur in the load.
const idleNamespace = "audit"

// withRate sets the rate of every namespace that occurs, for spans. One that does not occur is kept whole, as sites have
// them: else the highest rate alone would tell that most lookups are of no use, with any sampler.
func (c *samplerConfig) withRate(rate float64) []setting {
	settings := []setting{{"tracing::sample_rate", rateText(rate)}}
	for _, name := range slices.Sorted(maps.Keys(c.traceRates().exact)) { // the signal's own win over the shared ones
		settings = append(settings, setting{"tracing::namespaces::" + name, rateText(rate)})
	}
	return append(settings, setting{"tracing::namespaces::" + idleNamespace, "1"})
}
