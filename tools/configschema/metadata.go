// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// metadata is what metadata.yaml says about the configuration.
type metadata struct {
	Exported map[string]*setting `yaml:"exported_configs"`
	Config   setting
}

// setting is a key of the configuration, or what all elements of a list have in common. The schema of mdatagen lacks its order, and the names of the
// types that it refers to.
type setting struct {
	Description string
	Type        string
	Ref         string `yaml:"$ref"`
	IsPointer   bool   `yaml:"x-pointer"`
	IsOptional  bool   `yaml:"x-optional"`
	Default     yaml.Node
	Required    []string
	Properties  properties
	Values      *setting
}

// properties are the keys of a section in the order of the file.
type properties []property

type property struct {
	name string
	setting
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (p *properties) UnmarshalYAML(node *yaml.Node) error {
	for pair := range slices.Chunk(node.Content, 2) {
		next := property{name: pair[0].Value}
		if err := pair[1].Decode(&next.setting); err != nil {
			return err
		}
		*p = append(*p, next)
	}
	return nil
}
