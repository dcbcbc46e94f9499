// SPDX-License-Identifier: Apache-2.0

// Package deploy tests the dashboard and the alerts.
package deploy

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// documented returns the internal metrics: name → label → its possible values, empty if any value is possible.
func documented(t *testing.T) map[string]map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../namespacesampler/documentation.md")
	require.NoError(t, err)
	metrics := map[string]map[string][]string{}
	var labels map[string][]string
	histogram, attributes := regexp.MustCompile(`\| Histogram \|`), false
	name := ""
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, " | ")
		switch {
		case strings.HasPrefix(line, "### "):
			name = strings.TrimSpace(line[4:])
			labels, attributes = map[string][]string{}, false
			metrics[name] = labels
		case histogram.MatchString(line):
			for _, part := range []string{"_bucket", "_sum", "_count"} {
				metrics[name+part] = labels
			}
			labels["le"] = nil
			delete(metrics, name)
		case strings.HasPrefix(line, "#### Attributes"):
			attributes = true
		case attributes && len(cells) == 4 && !strings.HasPrefix(line, "| Name") && !strings.HasPrefix(line, "| -"):
			values := []string{}
			for _, match := range regexp.MustCompile("``([^`]+)``").FindAllStringSubmatch(cells[2], -1) {
				values = append(values, match[1])
			}
			labels[strings.TrimPrefix(cells[0], "| ")] = values
		}
	}
	require.Greater(t, len(metrics), 10)
	return metrics
}

// scraped are the labels that Prometheus adds to every series.
var scraped = []string{"job", "instance"}

var (
	metricPattern   = regexp.MustCompile(`(otelcol_\w+)(\{[^}]*\})?`)
	matcherPattern  = regexp.MustCompile(`(\w+)(=~|!~|!=|=)"([^"]*)"`)
	groupingPattern = regexp.MustCompile(`\b(?:by|without|on|ignoring) \(([^)]*)\)`)
	labelPattern    = regexp.MustCompile(`\$labels\.(\w+)`) // in an annotation
	legendPattern   = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)
	keywords        = []string{"else", "end"} // of annotations
)

// check asserts that an expression, and the texts that use its labels, refer to documented metrics and labels only.
func check(t *testing.T, metrics map[string]map[string][]string, where, expr string, texts ...string) {
	t.Helper()
	known := slices.Clone(scraped)
	found := metricPattern.FindAllStringSubmatch(expr, -1)
	assert.NotEmpty(t, found, "%s: %s", where, expr)
	for _, match := range found {
		labels, ok := metrics[match[1]]
		if !assert.True(t, ok, "%s: there is no metric %s", where, match[1]) {
			continue
		}
		known = slices.AppendSeq(known, maps.Keys(labels))
		for _, matcher := range matcherPattern.FindAllStringSubmatch(match[2], -1) {
			values, ok := labels[matcher[1]]
			assert.True(t, ok || slices.Contains(scraped, matcher[1]), "%s: %s has no label %s", where, match[1], matcher[1])
			if len(values) > 0 && !strings.HasPrefix(matcher[3], "$") {
				assert.Subset(t, values, strings.Split(matcher[3], "|"), "%s: label %s of %s", where, matcher[1], match[1])
			}
		}
	}
	var used []string
	for _, match := range groupingPattern.FindAllStringSubmatch(expr, -1) {
		used = append(used, strings.Split(match[1], ", ")...)
	}
	for _, text := range texts {
		for _, match := range append(labelPattern.FindAllStringSubmatch(text, -1), legendPattern.FindAllStringSubmatch(text, -1)...) {
			if !slices.Contains(keywords, match[1]) {
				used = append(used, match[1])
			}
		}
	}
	for _, label := range used {
		assert.Contains(t, known, label, "%s: %s", where, expr)
	}
}

type panel struct {
	ID          int
	Type, Title string
	Description string
	GridPos     struct{ X, Y, W, H int }
	Targets     []target
	FieldConfig fieldConfig
}

type target struct{ RefID, Expr, LegendFormat string }

// fieldConfig is how the series of a panel are drawn.
type fieldConfig struct {
	Defaults struct {
		NoValue string
		Links   []link
	}
	Overrides []struct {
		Matcher    struct{ ID, Options string }
		Properties []struct {
			ID    string
			Value any
		}
	}
}

type link struct {
	Title, URL  string
	TargetBlank bool
}

// dashboard is what the tests read of the dashboard.
type dashboard struct {
	Templating  struct{ List []variable }
	Panels      []panel
	Annotations struct {
		List []struct {
			Name, Expr, TitleFormat, TextFormat, TagKeys string
			Target                                       struct{ Expr string }
		}
	}
	Links []link
}

type variable struct {
	Name, Type, Definition string
	Query                  any
	Current                struct{ Value string }
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	text, err := os.ReadFile("grafana/namespace_sampler.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &d))
	return d
}

func TestTheDashboardShowsEveryDocumentedMetric(t *testing.T) {
	dashboard := readDashboard(t)
	metrics := documented(t)
	shown, taken := map[string]bool{}, map[[2]int]string{}
	ids := map[int]bool{}
	for _, p := range dashboard.Panels {
		assert.False(t, ids[p.ID], "%s: the ID is used twice", p.Title)
		ids[p.ID] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				place := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				assert.Empty(t, taken[place], "%s overlaps another panel", p.Title)
				assert.Less(t, place[0], 24)
				taken[place] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		assert.NotEmpty(t, p.Description, p.Title)
		for _, target := range p.Targets {
			check(t, metrics, p.Title, target.Expr, target.LegendFormat)
			for _, match := range metricPattern.FindAllStringSubmatch(target.Expr, -1) {
				shown[match[1]] = true
				assert.Contains(t, match[2], `job=~"$job", instance=~"$instance"`, p.Title)
			}
		}
	}
	for name := range metrics {
		if !strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_count") {
			assert.True(t, shown[name], "%s is not shown", name)
		}
	}
}

func TestTheDocumentationListsEveryMetric(t *testing.T) {
	page, err := os.ReadFile("../docs/monitoring.md")
	require.NoError(t, err)
	listed := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		for _, match := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(first, -1) {
			listed[match[1]] = true
		}
	}
	parts := regexp.MustCompile(`_(bucket|sum|count)$`)
	for name := range documented(t) {
		assert.True(t, listed[parts.ReplaceAllString(strings.TrimPrefix(name, prefix), "")], "%s is not listed", name)
	}
}
