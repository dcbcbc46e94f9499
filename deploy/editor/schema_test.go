// SPDX-License-Identifier: Apache-2.0

// Package editor tests the configuration schema: that it and the Go configuration are of one mind, and that editors can use it.
package editor

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler"
)

const (
	processorSchema = "../../namespacesampler/config.schema.json"
	collectorSchema = "collector.schema.json"
)

func compile(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(file)
	require.NoError(t, err)
	return schema
}

// asEditors returns what editors read in YAML: as in JSON, names are text, and there are no times.
func asEditors(t *testing.T, text string) any {
	t.Helper()
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(text), &document))
	asJSON(&document)
	var value any
	require.NoError(t, document.Decode(&value))
	return value
}

func asJSON(node *yaml.Node) {
	for i, inner := range node.Content {
		if isName := node.Kind == yaml.MappingNode && i%2 == 0; isName || inner.Tag == "!!timestamp" {
			inner.Tag = "!!str"
		}
		asJSON(inner)
	}
}

func defaults() *namespacesampler.Config {
	return namespacesampler.NewFactory().CreateDefaultConfig().(*namespacesampler.Config)
}

// load returns an error if the collector refuses a configuration.
func load(conf *confmap.Conf) error {
	cfg := defaults()
	if err := conf.Unmarshal(cfg); err != nil {
		return err
	}
	return confmap.Validate(cfg)
}

// loadText returns an error if the collector refuses settings of the processor, in YAML, as a file has them.
func loadText(t *testing.T, settings string) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	indented := strings.ReplaceAll(settings, "\n", "\n    ")
	require.NoError(t, os.WriteFile(file, []byte("processors:\n  namespace_sampler:\n    "+indented), 0o600))
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs:              []string{"file:" + file},
		ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory(), envprovider.NewFactory()},
		DefaultScheme:     "env",
	})
	require.NoError(t, err)
	conf, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	section, err := conf.Sub("processors::namespace_sampler")
	require.NoError(t, err)
	return load(section)
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}

func TestTheConfigurationsOfTheRepositoryAreValid(t *testing.T) {
	schema := compile(t, collectorSchema)
	processors := 0
	for _, root := range []string{"../../testdata", ".."} {
		require.NoError(t, filepath.WalkDir(root, func(file string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(file) != ".yaml" {
				return err
			}
			t.Run(file, func(t *testing.T) {
				text := read(t, file)
				require.NoError(t, schema.Validate(asEditors(t, text)))
				processors += len(processorsOf(t, text))
			})
			return nil
		}))
	}
	assert.Greater(t, processors, 15, "configurations of the processor")
}

// processorsOf returns the names of the namespace samplers in a configuration.
func processorsOf(t *testing.T, text string) (names []string) {
	t.Helper()
	var config struct{ Processors map[string]any }
	require.NoError(t, yaml.Unmarshal([]byte(text), &config))
	for name := range config.Processors {
		if strings.HasPrefix(name, "namespace_sampler") {
			names = append(names, name)
		}
	}
	return names
}

var fencedYAML = regexp.MustCompile("(?s)```yaml\n(processors:\n  name.*?)```")

func TestTheExamplesOfTheDocumentationAreValid(t *testing.T) {
	schema := compile(t, collectorSchema)
	pages, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	examples := 0
	for _, page := range append(pages, "../../README.md", "../../namespacesampler/README.md") {
		for _, block := range fencedYAML.FindAllStringSubmatch(read(t, page), -1) {
			require.NoError(t, schema.Validate(asEditors(t, block[1])), "%s:\n%s", page, block[1])
			examples += len(processorsOf(t, block[1]))
		}
	}
	assert.Greater(t, examples, 5)
}

func TestTheSchemaForEditorsAppliesToEveryNameOfTheProcessor(t *testing.T) {
	schema := compile(t, collectorSchema)
	for name, isChecked := range map[string]bool{
		"namespace_sampler": true, "namespace_sampler/second": true, "namespacesampler": true, "namespacesampler/a/b": true,
		"namespace_samplers": false, "my_namespace_sampler": false, "batch": false,
	} {
		wrong := schema.Validate(map[string]any{"processors": map[string]any{name: map[string]any{"sample_rat": 1}}})
		assert.Equal(t, isChecked, wrong != nil, name)
	}
	for _, text := range []string{"", "receivers: {otlp: {anything: 1}}", "processors:", "processors: {namespace_sampler: }"} {
		require.NoError(t, schema.Validate(asEditors(t, text)), text)
	}
}

var modeline = regexp.MustCompile(`^# yaml-language-server: \$schema=(\S+)\n`)

func TestExamplesNameTheSchema(t *testing.T) {
	for _, file := range []string{"example.yaml", "../../testdata/full.yaml"} {
		match := modeline.FindStringSubmatch(read(t, file))
		require.NotNil(t, match, file)
		want, err := filepath.Abs(collectorSchema)
		require.NoError(t, err)
		got, err := filepath.Abs(filepath.Join(filepath.Dir(file), match[1]))
		require.NoError(t, err)
		assert.Equal(t, want, got, file)
	}
	settings := regexp.MustCompile(`(?s)  namespace_sampler:\n(.*?)\n\n`).FindStringSubmatch(read(t, "example.yaml"))
	t.Setenv("DATABASE_URL", "host=localhost")
	require.NoError(t, loadText(t, strings.TrimSpace(strings.ReplaceAll(settings[1], "\n    ", "\n"))))
}
