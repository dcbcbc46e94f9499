// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The worked examples of the documentation are excerpts of files in testdata, which the tests of the built collector run.
func TestTheWorkedExamplesOfTheDocumentationAreExcerptsOfTestdata(t *testing.T) {
	for _, tt := range []struct{ page, mark, file string }{
		{"resolution.md", "transform/namespace:", "service_name.yaml"},
		{"resolution.md", "tenant.slug", "tenants.yaml"},
		{"resolution.md", ":6432", "pgbouncer.yaml"},
		{"downstream.md", "span_metrics:", "span_metrics.yaml"},
		{"metrics.md", "remainder:", "remainder.yaml"},
	} {
		rest := settings(read(t, testdata+tt.file))
		for _, line := range settings(example(t, read(t, "../docs/"+tt.page), tt.mark)) {
			at := slices.Index(rest, line)
			require.GreaterOrEqual(t, at, 0, "%s has no line %q there", tt.file, line)
			rest = rest[at+1:]
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}

var fencedYAML = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// example returns the block of YAML in a page that contains a text.
func example(t *testing.T, page, mark string) string {
	t.Helper()
	for _, block := range fencedYAML.FindAllStringSubmatch(page, -1) {
		if strings.Contains(block[1], mark) {
			return block[1]
		}
	}
	require.Fail(t, "no example contains "+mark)
	return ""
}

var comment = regexp.MustCompile(`(^| )#.*`)

// settings returns the lines of YAML without indentation and comments.
func settings(yaml string) (lines []string) {
	for line := range strings.Lines(yaml) {
		if line = strings.TrimSpace(comment.ReplaceAllString(strings.TrimSpace(line), "")); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

var testName = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`")

func TestTheTestsThatTheDocumentationOfAttacksNamesExist(t *testing.T) {
	var tests strings.Builder
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") && entry.Type().IsRegular() {
			tests.WriteString(read(t, path))
		}
		return err
	}))
	names := testName.FindAllStringSubmatch(read(t, "../docs/attacks.md"), -1)
	require.NotEmpty(t, names)
	for _, name := range names {
		assert.True(t, strings.Contains(tests.String(), "\nfunc "+name[1]+"("), name[1])
	}
}

// Examples without the page offer it in a line that only has to be uncommented.
func TestExamplesOfferThePage(t *testing.T) {
	for _, file := range []string{"minimal.yaml", "production.yaml", "two-tier/second.yaml"} {
		t.Run(file, func(t *testing.T) {
			text := read(t, testdata+file)
			require.Equal(t, 1, strings.Count(text, "# inspect: {}"))
			var example struct {
				Processors map[string]map[string]any
			}
			require.NoError(t, yaml.Unmarshal([]byte(strings.Replace(text, "# inspect: {}", "inspect: {}", 1)), &example))
			assert.Equal(t, map[string]any{}, example.Processors["namespace_sampler"]["inspect"])
		})
	}
}
