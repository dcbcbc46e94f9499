// SPDX-License-Identifier: Apache-2.0

// Command configschema completes the configuration schema that mdatagen has made of namespacesampler/metadata.yaml, and writes the tables of
// docs/configuration.md. It takes the root of the repository as its argument.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v3"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: configschema ROOT")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "configschema:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	text, err := root.ReadFile("namespacesampler/metadata.yaml")
	if err != nil {
		return err
	}
	var m metadata
	if err := yaml.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("metadata.yaml: %w", err)
	}
	return errors.Join(rewrite(root, "namespacesampler/config.schema.json", m.schema), rewrite(root, "docs/configuration.md", m.page))
}

func rewrite(root *os.Root, file string, change func([]byte) ([]byte, error)) error {
	before, err := root.ReadFile(file)
	if err != nil {
		return err
	}
	after, err := change(before)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := root.WriteFile(file, after, 0o644); err != nil {
		return err
	}
	return root.Chmod(file, 0o644) // mdatagen makes files that only their owner may read
}

// schema returns a complete schema in place of that of mdatagen.
func (m *metadata) schema(generated []byte) ([]byte, error) {
	var s jsonschema.Schema
	if err := json.Unmarshal(generated, &s); err != nil {
		return nil, err
	}
	if s.Type == "" {
		return nil, errors.New("it is not as mdatagen makes it: run tools/generate.sh")
	}
	s.Defs = nil // mdatagen has put them where they are referred to
	m.complete(&s, &m.Config, true)
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(s)
	return text.Bytes(), err
}
