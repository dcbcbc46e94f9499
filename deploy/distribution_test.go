// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-tasker/otelcol-tasker/deploy/internal/distribution"
)

func TestEachComponentOfTheDistributionHasADocumentedUse(t *testing.T) {
	output, err := exec.Command(distribution.Collector(t), "components").Output()
	require.NoError(t, err)
	var built struct{ Receivers, Processors, Exporters, Connectors, Extensions []struct{ Name string } }
	require.NoError(t, yaml.Unmarshal(output, &built))
	var components []string
	for _, group := range slices.Concat(built.Receivers, built.Processors, built.Exporters, built.Connectors, built.Extensions) {
		components = append(components, group.Name)
	}

	page, err := os.ReadFile("../docs/own-collector.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(page), "| component | what it is for |")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	var documented []string
	for row := range strings.Lines(table) {
		if cells := strings.Split(row, "|"); len(cells) > 2 {
			for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[1], -1) {
				documented = append(documented, name[1])
			}
		}
	}
	slices.Sort(components)
	slices.Sort(documented)
	assert.Equal(t, slices.Compact(components), slices.Compact(documented))
}
