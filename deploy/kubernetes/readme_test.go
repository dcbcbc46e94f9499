// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// commands returns the commands of a page, each in its words.
func commands(t *testing.T, page string) (all [][]string) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	whole := strings.ReplaceAll(string(text), "\\\n", "")
	for _, match := range regexp.MustCompile(`(?m)^ {4,}((?:helm|kubectl|psql) .*)$`).FindAllStringSubmatch(whole, -1) {
		line, _, _ := strings.Cut(match[1], "  #")
		all = append(all, strings.Fields(line))
	}
	return all
}

// after returns the words that follow a flag.
func after(words []string, flag string) (all []string) {
	for i, word := range words[:len(words)-1] {
		if word == flag {
			all = append(all, words[i+1])
		}
	}
	return all
}

// What a reader pastes works, as far as that can be known without a cluster.
func TestTheCommandsOfThePagesNameWhatExists(t *testing.T) {
	const folder = "deploy/kubernetes/"
	text, err := os.ReadFile("testdata/chart.schema.json")
	require.NoError(t, err)
	var schema struct {
		Comment string `json:"$comment"`
	}
	require.NoError(t, json.Unmarshal(text, &schema))
	all, installed := ways(t), map[string]bool{}
	namespace := build(t, "common").namespaces[0].Name
	for _, words := range slices.Concat(commands(t, "README.md"), commands(t, "../../docs/deploy.md")) {
		line := strings.Join(words, " ")
		for _, path := range after(words, "-f") {
			assert.FileExists(t, strings.TrimPrefix(path, folder), line)
		}
		for _, path := range after(words, "-k") {
			require.True(t, strings.HasPrefix(path, folder), line)
			for _, c := range build(t, strings.TrimPrefix(path, folder)).collectors {
				installed["operator/"+c.Name] = true
			}
		}
		for _, n := range after(words, "-n") {
			assert.Equal(t, namespace, n, line)
		}
		switch strings.Join(words[:2], " ") {
		case "helm install":
			p, ok := all["helm"][words[2]]
			require.True(t, ok, line)
			installed["helm/"+words[2]] = true
			files := after(words, "-f")
			require.Len(t, files, 2, line)
			assert.Equal(t, folder+"helm/common.yaml", files[0], line)
			assert.Equal(t, p.name, helm(t, strings.TrimSuffix(strings.TrimPrefix(files[1], folder+"helm/"), ".yaml")).name, line)
			assert.Contains(t, schema.Comment, "opentelemetry-collector-"+after(words, "--version")[0]+",", line)
		case "kubectl port-forward":
			assert.Equal(t, "pod/"+all["helm"]["otelcol-sampler"].pods+"-0", words[4], line)
		}
	}
	assert.Len(t, installed, 6, "%v", installed)
}
