// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	codePattern     = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	relativePattern = regexp.MustCompile(`\]\(([^)\s#:]*)(?:#([^)\s]*))?\)`)
)

// A link that leads nowhere is found out in an incident. Links to other sites are not followed.
func TestTheLinksOfThePagesExist(t *testing.T) {
	links := 0
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/adr/*.md", "../namespacesampler/*.md", "*/README.md"} {
		pages, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, pages, pattern)
		for _, page := range pages {
			text, err := os.ReadFile(page)
			require.NoError(t, err)
			for _, link := range relativePattern.FindAllStringSubmatch(codePattern.ReplaceAllString(string(text), ""), -1) {
				links++
				target := page
				if link[1] != "" {
					target = filepath.Join(filepath.Dir(page), link[1])
				}
				if link[2] == "" {
					_, err := os.Stat(target)
					assert.NoError(t, err, "%s: %s", page, link[0])
					continue
				}
				linked, err := os.ReadFile(target)
				if assert.NoError(t, err, "%s: %s", page, link[0]) {
					assert.Contains(t, sectionsOf(string(linked)), link[2], "%s: %s", page, link[0])
				}
			}
		}
	}
	assert.Greater(t, links, 300)
}
