// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

type alert struct {
	Alert, Expr         string
	Labels, Annotations map[string]string
}

func alerts(t *testing.T) (all []alert) {
	t.Helper()
	var file struct {
		Groups []struct{ Rules []alert }
	}
	readYAML(t, "prometheus/namespace_sampler.yaml", &file)
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	require.NotEmpty(t, all)
	return all
}

// alertTest is a test of promtool's.
type alertTest struct {
	Name        string
	InputSeries []struct{ Series string } `yaml:"input_series"`
	Alerts      []struct {
		Name     string `yaml:"alertname"`
		Expected []any  `yaml:"exp_alerts"`
	} `yaml:"alert_rule_test"`
}

func alertTests(t *testing.T) []alertTest {
	t.Helper()
	var file struct{ Tests []alertTest }
	readYAML(t, "prometheus/namespace_sampler_test.yaml", &file)
	require.NotEmpty(t, file.Tests)
	return file.Tests
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(file))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, into))
}

func TestAlertsUseDocumentedMetricsAndAreListed(t *testing.T) {
	metrics := documented(t)
	page, err := os.ReadFile("../docs/monitoring.md")
	require.NoError(t, err)
	for _, a := range alerts(t) {
		check(t, metrics, a.Alert, a.Expr, slices.Collect(maps.Values(a.Annotations))...)
		assert.Contains(t, string(page), "| [`"+a.Alert+"`](#"+anchorOf(a.Alert)+") | "+a.Labels["severity"]+" |", "the documentation lists it")
		assert.NotEmpty(t, a.Annotations["summary"], a.Alert)
		assert.NotEmpty(t, a.Annotations["description"], a.Alert)
	}
}

// A test that expects no alert shows something only if it has all the metrics that the alert asks for.
func TestATestExpectsEachAlertAndAnotherThatItDoesNotFire(t *testing.T) {
	fires, silent := map[string]bool{}, map[string]bool{}
	metricsOf := map[string][]string{}
	for _, a := range alerts(t) {
		for _, match := range metricPattern.FindAllStringSubmatch(a.Expr, -1) {
			metricsOf[a.Alert] = append(metricsOf[a.Alert], match[1])
		}
	}
	for _, test := range alertTests(t) {
		has := map[string]bool{}
		for _, s := range test.InputSeries {
			name, _, _ := strings.Cut(s.Series, "{")
			has[name] = true
		}
		for _, expected := range test.Alerts {
			if len(expected.Expected) > 0 {
				fires[expected.Name] = true
			} else if !slices.ContainsFunc(metricsOf[expected.Name], func(metric string) bool { return !has[metric] }) {
				silent[expected.Name] = true
			}
		}
	}
	for _, a := range alerts(t) {
		assert.True(t, fires[a.Alert], "no test expects %s to fire", a.Alert)
		assert.True(t, silent[a.Alert], "no test has the metrics of %s and expects it not to fire", a.Alert)
	}
}

func TestEachAlertHasARunbook(t *testing.T) {
	for _, a := range alerts(t) {
		t.Run(a.Alert, func(t *testing.T) {
			section := checkDocumented(t, a.Annotations["runbook_url"])
			sentences := regexp.MustCompile(`[.:](\s|$)`).FindAllString(section, -1)
			assert.GreaterOrEqual(t, len(sentences), 2, "it says what the alert means and what to do")
		})
	}
}

func TestAnchorsAreThoseOfGitHub(t *testing.T) {
	for heading, anchor := range map[string]string{
		"Internal metrics": "internal-metrics", "NamespaceSamplerLateKeys": "namespacesamplerlatekeys", "Why `sampling_namespace`": "why-sampling_namespace",
		"Names with `::`": "names-with-", "What's kept, and how": "whats-kept-and-how", "`hold` or `groupbytrace`": "hold-or-groupbytrace",
		"A new fault, `group_overruled`": "a-new-fault-group_overruled", "[Rules](rules.md) of 2": "rules-of-2",
	} {
		assert.Equal(t, anchor, anchorOf(heading), heading)
	}
}

const documentation = "https://github.com/otelcol-tasker/otelcol-tasker/blob/main/docs/"

// checkDocumented asserts that a URL is that of a section of the documentation, and returns the text of the section.
func checkDocumented(t *testing.T, url string) string {
	t.Helper()
	require.True(t, strings.HasPrefix(url, documentation), "%q is not in docs/", url)
	page, anchor, ok := strings.Cut(strings.TrimPrefix(url, documentation), "#")
	require.True(t, ok, "%q names no section", url)
	text, err := os.ReadFile(filepath.Join("../docs", page))
	require.NoError(t, err)
	sections := sectionsOf(string(text))
	require.Contains(t, sections, anchor, "%s has no such section", page)
	return sections[anchor]
}

var (
	headingPattern = regexp.MustCompile(`^#{1,6} (.+)$`)
	linkPattern    = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// sectionsOf returns the texts of a page by the anchors of their headings. GitHub numbers headings that are the same.
func sectionsOf(page string) map[string]string {
	sections, times := map[string]string{}, map[string]int{}
	anchor, isCode := "", false
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		isCode = isCode != strings.HasPrefix(line, "```")
		heading := headingPattern.FindStringSubmatch(line)
		if heading == nil || isCode {
			sections[anchor] += line + "\n"
			continue
		}
		anchor = anchorOf(heading[1])
		times[anchor]++
		if n := times[anchor]; n > 1 {
			anchor = fmt.Sprint(anchor, "-", n-1)
		}
		sections[anchor] = ""
	}
	return sections
}

// anchorOf returns the anchor that GitHub gives a heading: in lower case, with hyphens for spaces, and without punctuation.
func anchorOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		default:
			return -1
		}
	}, linkPattern.ReplaceAllString(heading, "$1"))
}
