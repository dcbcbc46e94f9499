// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The schemas are the published ones, reduced: after a move to another release, run this with the files of that release.
//
//	go run ./internal/schema \
//	  'opentelemetry-operator v0.158.0, config/crd/bases/opentelemetry.io_opentelemetrycollectors.yaml: The OpenTelemetry Authors, Apache-2.0; reduced' \
//	  <opentelemetry.io_opentelemetrycollectors.yaml >testdata/operator.schema.json
//	go run ./internal/schema \
//	  'opentelemetry-helm-charts opentelemetry-collector-0.170.0, values.schema.json: The OpenTelemetry Authors, Apache-2.0; reduced' \
//	  <values.schema.json >testdata/chart.schema.json

// compiled has what compile has returned.
var compiled = map[string]*jsonschema.Schema{}

// compile returns one of the schemas.
func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	if schema, ok := compiled[name]; ok {
		return schema
	}
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	require.NoError(t, compiler.AddResource(name, document))
	schema, err := compiler.Compile(name)
	require.NoError(t, err)
	compiled[name] = schema
	return schema
}

// validate asserts that a document is as a schema says.
func validate(t *testing.T, schema string, document []byte, where string) {
	t.Helper()
	assert.NoError(t, faults(t, schema, string(document)), where)
}

func faults(t *testing.T, schema, document string) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(document)))
	require.NoError(t, err)
	return compile(t, schema).Validate(value)
}

// An API server drops fields that it does not know. The test of a manifest must not.
func TestTheSchemasRefuseWhatIsMisspelt(t *testing.T) {
	const config = `"config": {"receivers": {}, "exporters": {}, "service": {"pipelines": {}}}`
	assert.NoError(t, faults(t, "operator.schema.json", `{"spec": {`+config+`}}`))
	for what, spec := range map[string]string{
		"a field":          config + `, "replica": 3`,
		"a deeper field":   config + `, "securityContext": {"readOnlyRootFileSystem": true}`,
		"a field in lists": config + `, "env": [{"name": "A", "valueFrom": {"secretKey": {}}}]`,
		"a value":          config + `, "mode": "stateful"`,
		"a type":           config + `, "autoscaler": {"maxReplicas": "10"}`,
		"nothing required": ``,
	} {
		assert.Error(t, faults(t, "operator.schema.json", `{"spec": {`+spec+`}}`), what)
	}
	const required = `"apiVersion": "apps/v1", "mode": "statefulset"`
	assert.NoError(t, faults(t, "chart.schema.json", `{`+required+`}`))
	for what, values := range map[string]string{
		"a value of the chart": required + `, "podSecurityContexts": {}`,
		"a deeper value":       required + `, "service": {"clusterIp": "None"}`,
		"a type":               required + `, "image": {"tag": 0.1}`,
	} {
		assert.Error(t, faults(t, "chart.schema.json", `{`+values+`}`), what)
	}
}
