// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACustomResourceIsReducedToAStrictSchema(t *testing.T) {
	const definition = `
kind: CustomResourceDefinition
spec:
  versions:
    - name: v1alpha1
      schema: {openAPIV3Schema: {type: string}}
    - name: v1beta1
      schema:
        openAPIV3Schema:
          description: what people read
          type: object
          required: [description]
          properties:
            description: {type: string, description: a field of that name, enum: [a, b]}
            free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {known: {type: string}}}
            labels: {type: object, additionalProperties: {type: string}}
            list: {type: array, items: {type: object, properties: {port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}}}}
`
	const want = `{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": "from there",
		"type": "object", "additionalProperties": false, "required": ["description"],
		"properties": {
			"description": {"type": "string", "enum": ["a", "b"]},
			"free": {"type": "object", "properties": {"known": {"type": "string"}}},
			"labels": {"type": "object", "additionalProperties": {"type": "string"}},
			"list": {"type": "array", "items": {"type": "object", "additionalProperties": false,
				"properties": {"port": {"anyOf": [{"type": "integer"}, {"type": "string"}]}}}}
		}}`
	var out strings.Builder
	require.NoError(t, run([]string{"schema", "from there"}, strings.NewReader(definition), &out))
	assert.JSONEq(t, want, out.String())
}

func TestTheSchemaOfAChartStaysAsStrictAsItIs(t *testing.T) {
	const values = `{"type": "object", "title": "Values", "additionalProperties": false,
		"properties": {"title": {"type": "string"}, "open": {"type": "object", "properties": {"a": {"default": []}}}}}`
	var out strings.Builder
	require.NoError(t, run([]string{"schema", "from there"}, strings.NewReader(values), &out))
	assert.JSONEq(t, `{"$comment": "from there", "type": "object", "additionalProperties": false,
		"properties": {"title": {"type": "string"}, "open": {"type": "object", "properties": {"a": {}}}}}`, out.String())
}
