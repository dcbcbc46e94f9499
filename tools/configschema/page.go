// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Where the repository is read, and its documentation: descriptions have whole links, since they are read elsewhere, too.
const (
	repository = "https://github.com/otelcol-tasker/otelcol-tasker/blob/main/"
	pages      = repository + "docs/"
)

// tables matches a table of the page, between comments of which the first lists keys of the configuration.
var tables = regexp.MustCompile(`(?s)<!-- keys: ([a-z_ ]+) -->\n.*?<!-- end of keys -->`)

// page returns the page with new tables. Each key of the configuration must be in one of them.
func (m *metadata) page(before []byte) (after []byte, err error) {
	missing := map[string]*property{}
	for i := range m.Config.Properties {
		missing[m.Config.Properties[i].name] = &m.Config.Properties[i]
	}
	after = tables.ReplaceAllFunc(before, func(table []byte) []byte {
		keys := string(tables.FindSubmatch(table)[1])
		var text bytes.Buffer
		fmt.Fprintf(&text, "<!-- keys: %s -->\n| key | default | meaning |\n| --- | --- | --- |\n", keys)
		for _, name := range strings.Fields(keys) {
			if missing[name] == nil {
				err = fmt.Errorf("no key %q is left for a table", name)
				return table
			}
			rows(&text, "", missing[name], m.Config.Required)
			delete(missing, name)
		}
		text.WriteString("<!-- end of keys -->")
		return text.Bytes()
	})
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("no table has the keys %q", slices.Sorted(maps.Keys(missing)))
	}
	return after, err
}

// rows writes the row of a key, or those of the keys in a section.
func rows(text *bytes.Buffer, section string, p *property, required []string) {
	key := section + p.name
	if len(p.Properties) > 0 {
		for i := range p.Properties {
			rows(text, key+"::", &p.Properties[i], p.Required)
		}
		return
	}
	def := "none"
	switch {
	case slices.Contains(required, p.name):
		def = "required in `" + strings.TrimSuffix(section, "::") + "`"
	case !p.Default.IsZero():
		def = "`" + flow(p.Default) + "`"
	}
	fmt.Fprintf(text, "| `%s` | %s | %s |\n", key, def, relative(p.Description))
}

// flow returns a default as it would be written in one line.
func flow(value yaml.Node) string {
	value.Style |= yaml.FlowStyle
	value.HeadComment, value.LineComment = "", ""
	text, err := yaml.Marshal(&value)
	if err != nil {
		panic(err) // it was read from YAML
	}
	return strings.TrimSpace(string(text))
}

// relative returns a description for a page: links to the repository are relative to it.
func relative(description string) string {
	return strings.NewReplacer(pages, "", repository, "../", "|", `\|`, "\n", " ").Replace(description)
}
