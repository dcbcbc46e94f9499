// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
)

// References to variables, files and so on are text to an editor, whatever they stand for. Numbers, switches, lists and sections are replaced as a
// whole; a text may also contain references.
const (
	inText    = `\$\{.+\}`
	reference = `^` + inText + `$`
)

// zero matches durations of 0, which are durations to mdatagen.
const zero = `^[0.a-zµ]+$`

// complete adds to a schema of mdatagen what metadata.yaml cannot express: other forms of a value, references to variables, null, and that other keys
// than those of a section are refused. Type lists do most of it, since other keywords apply only to values of their types.
func (m *metadata) complete(s *jsonschema.Schema, of *setting, isNullable bool) {
	s.Description = links.ReplaceAllString(s.Description, "$1") // editors show it as plain text
	typ := s.Type
	s.Type = ""
	switch {
	case of.Type == "opaque_map":
		m.completeHeaders(s)
	case typ == "object":
		m.completeSection(s, of)
	case typ == "array":
		m.completeList(s, of)
	case typ == "string":
		completeText(s, of)
	default:
		s.Types = []string{typ, "string"}
		mayBeReference(s, "must be a "+map[string]string{"boolean": "switch, true or false,", "integer": "whole number", "number": "number"}[typ])
	}
	if isNullable && (typ == "object" || typ == "array" || of.IsPointer) {
		s.Types = append(s.Types, "null")
	}
}

func (m *metadata) completeSection(s *jsonschema.Schema, of *setting) {
	s.Types = []string{"object", "string"}
	mayBeReference(s, "must be a section")
	s.AdditionalProperties = never()
	for i := range of.Properties {
		p := &of.Properties[i]
		m.complete(s.Properties[p.name], &p.setting, true)
		s.PropertyOrder = append(s.PropertyOrder, p.name)
	}
	if !of.IsOptional {
		return
	}
	// The collector adds a key to sections that may be left out.
	s.Properties["enabled"] = &jsonschema.Schema{Description: "`false`: as if the section were left out.", Type: "boolean"}
	m.complete(s.Properties["enabled"], &setting{}, true)
	if len(s.Required) > 0 {
		off := any(false)
		s.If = &jsonschema.Schema{Required: []string{"enabled"}, Properties: map[string]*jsonschema.Schema{"enabled": {Const: &off}}}
		s.Else, s.Required = &jsonschema.Schema{Required: s.Required}, nil
	}
}

func (m *metadata) completeList(s *jsonschema.Schema, of *setting) {
	values := of.Values
	if values == nil {
		values = m.Exported[of.Ref].Values
	}
	m.complete(s.Items, values, false)
	s.Types = []string{"array", "string"}
	isText := slices.Contains(s.Items.Types, "integer")
	if !isText || of.Ref == "conditions" { // other texts are split at their commas
		mayBeReference(s, "must be a list")
	}
	if isText {
		s.MinLength = s.MinItems // text names elements, too
	}
	if of.Ref == "rates" || of.Ref == "rates_or_budgets" {
		completeOverrides(s)
	}
}

// completeOverrides adds the map of names to a rate, to null, which removes that of an earlier file, or to an object.
func completeOverrides(s *jsonschema.Schema) {
	given := &jsonschema.Schema{Types: []string{"number", "string"}}
	if s.Items.Properties["items_per_second"] != nil {
		either := func(name string) *jsonschema.Schema {
			return &jsonschema.Schema{Required: []string{name}, Properties: map[string]*jsonschema.Schema{name: given}}
		}
		s.Items.AnyOf = []*jsonschema.Schema{either("sample_rate"), either("items_per_second")}
		s.Items.Not = &jsonschema.Schema{
			Type: "object", Required: []string{"sample_rate", "items_per_second"},
			Properties: map[string]*jsonschema.Schema{"sample_rate": given, "items_per_second": given},
		}
	}
	entry := s.Items.CloneSchemas()
	entry.Types = append(entry.Types, "number", "null")
	rate := s.Items.Properties["sample_rate"]
	entry.Minimum, entry.Maximum = rate.Minimum, rate.Maximum
	delete(entry.Properties, "name")
	entry.PropertyOrder = slices.DeleteFunc(slices.Clone(entry.PropertyOrder), func(name string) bool { return name == "name" })
	entry.Required = slices.DeleteFunc(slices.Clone(entry.Required), func(name string) bool { return name == "name" })
	mayBeReference(entry, "must be a rate, a number from 0 to 1 without quotes,")
	mayBeReference(s, "must be a map of names to rates, or a list,")
	s.Types = append(s.Types, "object")
	s.AdditionalProperties = entry
	s.PropertyNames = &jsonschema.Schema{Not: &jsonschema.Schema{Pattern: "::"}} // a key is split there
}

// completeHeaders adds the list of names and values to a map.
func (m *metadata) completeHeaders(s *jsonschema.Schema) {
	completeText(s.AdditionalProperties, &setting{})
	s.Items = &jsonschema.Schema{
		Type: "object", Properties: map[string]*jsonschema.Schema{"name": s.AdditionalProperties, "value": s.AdditionalProperties},
		AdditionalProperties: never(),
	}
	s.Types = []string{"object", "array", "string"}
	mayBeReference(s, "must be a map of names to values, or a list,")
}

func completeText(s *jsonschema.Schema, of *setting) {
	s.Type, s.Types = "", []string{"string"}
	switch {
	case of.Type == "duration":
		mayContainReference(s, duration)
		s.Not = &jsonschema.Schema{Type: "string", Pattern: zero}
	case of.Ref == "duration_or_zero":
		s.Types = append(s.Types, "integer")
		s.Pattern = "^0$|" + s.Pattern
		mayContainReference(s, duration)
		s.Minimum, s.Maximum = new(float64), new(float64)
	case s.Enum != nil, s.Format != "":
		s.AnyOf = []*jsonschema.Schema{{Enum: s.Enum, Format: s.Format}, {Pattern: inText}}
		s.Enum, s.Format = nil, ""
	case s.Pattern != "":
		mayContainReference(s, "must match "+s.Pattern)
	default: // whole numbers and switches are taken as the text that they are written as
		s.Types = append(s.Types, "integer", "boolean")
	}
}

const duration = "must be a duration with its unit, such as 10s,"

// mayBeReference also accepts a reference. An editor says what is wrong with other text: a pattern explains nothing.
func mayBeReference(s *jsonschema.Schema, must string) {
	s.Pattern = reference
	s.Extra = map[string]any{"patternErrorMessage": must + " or a reference such as ${env:NAME}"}
}

// mayContainReference also accepts text with a reference in it.
func mayContainReference(s *jsonschema.Schema, must string) {
	s.Pattern += "|" + inText
	s.Extra = map[string]any{"patternErrorMessage": must + " or a reference such as ${env:NAME}"}
}

// never returns a schema that accepts nothing.
func never() *jsonschema.Schema { return &jsonschema.Schema{Not: &jsonschema.Schema{}} }

// links matches links in Markdown: their text, and where they lead.
var links = regexp.MustCompile(`\[([^\]]+)\]\(([^)]+)\)`)
