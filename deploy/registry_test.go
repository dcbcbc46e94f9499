// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// registryEntry has the keys that the registry of opentelemetry.io takes; others are refused.
type registryEntry struct {
	Title        string
	RegistryType string `yaml:"registryType"`
	Language     string
	Tags         []string
	License      string
	Description  string
	Authors      []struct{ Name, Email, URL string }
	URLs         struct{ Repo, Docs, Website, Blog string } `yaml:"urls"`
	CreatedAt    string                                     `yaml:"createdAt"`
	IsNative     bool                                       `yaml:"isNative"`
	IsFirstParty bool                                       `yaml:"isFirstParty"`
	Package      struct {
		Name, Version, Registry string
		QuickInstall            bool `yaml:"quickInstall"`
	}
}

func TestTheRegistryEntryIsComplete(t *testing.T) {
	text, err := os.ReadFile("../docs/registry/collector-processor-namespacesampler.yml")
	require.NoError(t, err)
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var entry registryEntry
	require.NoError(t, decoder.Decode(&entry))

	assert.Equal(t, "processor", entry.RegistryType)
	assert.Equal(t, "collector", entry.Language)
	assert.Equal(t, "go-collector", entry.Package.Registry)
	assert.NotEmpty(t, entry.Title)
	assert.NotEmpty(t, entry.Description)
	assert.Len(t, entry.Tags, len(unique(entry.Tags)), "the registry refuses a tag that is repeated")
	for _, author := range entry.Authors {
		assert.NotContains(t, author.Name, "OpenTelemetry", "reserved for authors of the project itself")
		assert.NotEmpty(t, author.Email+author.URL)
	}
	assert.NotEmpty(t, entry.Authors)

	module, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	assert.Contains(t, string(module), "module "+entry.Package.Name+"\n")
	assert.Equal(t, "https://"+entry.Package.Name, entry.URLs.Repo)
}

func unique(values []string) map[string]bool {
	set := map[string]bool{}
	for _, value := range values {
		set[value] = true
	}
	return set
}
