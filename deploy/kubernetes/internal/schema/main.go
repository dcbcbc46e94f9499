// SPDX-License-Identifier: Apache-2.0

// Command schema reduces a published schema to a JSON Schema without descriptions, so that the tests of the manifests need no network. It reads a
// CustomResourceDefinition, or the values.schema.json of a Helm chart, and takes a line about the source, which becomes a comment:
//
//	go run ./internal/schema 'source' <published >testdata/….json
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"sigs.k8s.io/yaml"
)

const version = "v1beta1" // of the custom resource

func main() {
	if err := run(os.Args, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string, published io.Reader, out io.Writer) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: %s source <published >schema.json", arguments[0])
	}
	text, err := io.ReadAll(published)
	if err != nil {
		return err
	}
	var root map[string]any
	if err := yaml.Unmarshal(text, &root); err != nil {
		return err
	}
	if root["kind"] == "CustomResourceDefinition" {
		if root, err = structural(text); err != nil {
			return err
		}
		root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
		reduce(root, true)
	} else {
		reduce(root, false)
	}
	root["$comment"] = arguments[1]
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(root)
}

// structural returns the schema of a custom resource.
func structural(text []byte) (map[string]any, error) {
	var definition struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema map[string]any }
			}
		}
	}
	if err := yaml.Unmarshal(text, &definition); err != nil {
		return nil, err
	}
	for _, v := range definition.Spec.Versions {
		if v.Name == version {
			return v.Schema.OpenAPIV3Schema, nil
		}
	}
	return nil, errors.New("there is no version " + version)
}

// reduce removes what only people read. With strict it also makes an OpenAPI schema one that refuses what an API server would drop or refuse: fields that
// it does not name.
func reduce(schema map[string]any, strict bool) {
	for _, keyword := range []string{"description", "title", "examples", "default", "$comment"} {
		delete(schema, keyword)
	}
	if strict {
		_, named := schema["properties"]
		_, typed := schema["additionalProperties"]
		if named && !typed && schema["x-kubernetes-preserve-unknown-fields"] != true {
			schema["additionalProperties"] = false
		}
	}
	for keyword, value := range schema {
		if strings.HasPrefix(keyword, "x-kubernetes-") || strict && keyword == "format" {
			delete(schema, keyword)
			continue
		}
		switch keyword {
		case "properties", "patternProperties", "$defs", "definitions":
			for _, property := range value.(map[string]any) {
				reduceAny(property, strict)
			}
		case "items", "additionalProperties", "anyOf", "allOf", "oneOf", "not":
			reduceAny(value, strict && keyword != "anyOf" && keyword != "allOf" && keyword != "oneOf")
		}
	}
}

func reduceAny(value any, strict bool) {
	switch v := value.(type) {
	case map[string]any:
		reduce(v, strict)
	case []any:
		for _, element := range v {
			reduceAny(element, strict)
		}
	}
}
