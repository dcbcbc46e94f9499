// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Setting replaces the value of a key of the processor, such as tracing::sampler.
type Setting struct{ Key, Value string }

// Argument returns the collector's command-line argument for a setting of this processor.
func (p *Processor) Argument(s Setting) string {
	return "--set=processors::" + p.id + "::" + s.Key + "=" + s.Value
}

// apply applies settings to the processor's section of the configuration file, as the collector does.
func apply(settings []Setting, section *yaml.Node) (*yaml.Node, error) {
	if len(settings) == 0 {
		return section, nil
	}
	all := map[string]any{}
	if err := section.Decode(&all); err != nil {
		return nil, err
	}
	for _, s := range settings {
		if err := s.set(all); err != nil {
			return nil, err
		}
	}
	out := new(yaml.Node)
	return out, out.Encode(all)
}

func (s Setting) set(in map[string]any) error {
	keys := strings.Split(s.Key, "::")
	for _, key := range keys[:len(keys)-1] {
		inner, ok := in[key].(map[string]any)
		if !ok {
			if in[key] != nil {
				return fmt.Errorf("%s: cannot be set to %s: %s is not a mapping", s.Key, s.Value, key)
			}
			inner = map[string]any{}
			in[key] = inner
		}
		in = inner
	}
	var value any
	if err := yaml.Unmarshal([]byte(s.Value), &value); err != nil {
		return fmt.Errorf("%s: %w", s.Key, err)
	}
	in[keys[len(keys)-1]] = value
	return nil
}

// absentNamespace does not occur in the load.
const absentNamespace = "audit"

// WithSpanRate returns settings that give the spans of every namespace this rate. A namespace that does not occur keeps
// rate 1, as at most sites: without it the highest rate alone would show that most lookups are not needed.
func (p *Processor) WithSpanRate(rate float64) []Setting {
	value := strconv.FormatFloat(rate, 'g', -1, 64)
	settings := []Setting{{"tracing::sample_rate", value}}
	for _, name := range slices.Sorted(maps.Keys(p.spanRates().Exact)) { // tracing::namespaces takes precedence over namespaces
		settings = append(settings, Setting{"tracing::namespaces::" + name, value})
	}
	return append(settings, Setting{"tracing::namespaces::" + absentNamespace, "1"})
}
