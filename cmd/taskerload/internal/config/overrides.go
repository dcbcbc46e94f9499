// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// overrides are rates by namespace. The processor accepts a map from name to rate or object, or a list of objects.
type overrides map[string]float64

type override struct {
	Name       string   `yaml:"name"`
	SampleRate *float64 `yaml:"sample_rate"`
	Until      string   `yaml:"until"`
}

// UnmarshalYAML accepts every form that the processor accepts.
func (o *overrides) UnmarshalYAML(node *yaml.Node) error {
	*o = overrides{}
	if node.Kind == yaml.SequenceNode {
		var list []override
		if err := node.Decode(&list); err != nil {
			return err
		}
		for _, entry := range list {
			if err := o.add(entry); err != nil {
				return err
			}
		}
		return nil
	}
	var byName map[string]yaml.Node
	if err := node.Decode(&byName); err != nil {
		return err
	}
	for name, value := range byName {
		entry := override{}
		var err error
		switch {
		case value.Tag == "!!null": // removes an override of a preceding file
			continue
		case value.Kind == yaml.MappingNode:
			err = value.Decode(&entry)
		default:
			err = value.Decode(&entry.SampleRate)
		}
		entry.Name = name
		if err := errors.Join(err, o.add(entry)); err != nil {
			return err
		}
	}
	return nil
}

func (o overrides) add(entry override) error {
	switch {
	case entry.Until != "":
		return fmt.Errorf("namespaces::%s: taskerload cannot predict the outcome with until", entry.Name)
	case entry.SampleRate == nil:
		return fmt.Errorf("namespaces::%s: sample_rate is missing", entry.Name)
	}
	o[entry.Name] = *entry.SampleRate
	return nil
}
