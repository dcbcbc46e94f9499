// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheDashboardLinksToThePageOfACollectorAndToTheRunbooks(t *testing.T) {
	links := map[string]string{}
	for _, l := range readDashboard(t).Links {
		links[l.Title] = l.URL
	}
	assert.Equal(t, "${inspect}", links["Inspect"])
	checkDocumented(t, links["Runbooks"])
}

// A namespace in a graph is a link to it on the page.
func TestPanelsLinkToTheirNamespaceOrCollector(t *testing.T) {
	const byNamespace, byCollector = "${inspect:raw}?filter=${__field.labels.sampling_namespace:percentencode}", "http://${__field.labels.host}:8090/"
	urls := map[string]int{}
	for _, p := range readDashboard(t).Panels {
		want := []link{}
		for _, target := range p.Targets {
			switch {
			case strings.Contains(target.LegendFormat, "{{sampling_namespace}}"):
				want = []link{{"Inspect ${__field.labels.sampling_namespace}", byNamespace, true}}
			case strings.Contains(target.Expr, `"host"`):
				want = []link{{"Inspect ${__field.labels.host}", byCollector, true}}
			}
		}
		assert.ElementsMatch(t, want, p.FieldConfig.Defaults.Links, p.Title)
		for _, l := range want {
			urls[l.URL]++
		}
	}
	assert.Equal(t, map[string]int{byNamespace: 7, byCollector: 2}, urls)
}

func TestTheHostOfACollectorIsItsInstanceWithoutThePort(t *testing.T) {
	const breaker = prefix + "circuit_breaker_state"
	found := panels(t)["Circuit breaker"]
	require.Len(t, found.Targets, 1)
	ask(t, map[string]string{
		breaker + `{instance="otelcol-0.example.org:8888"}`: "0x10", breaker + `{instance="[::1]:8888"}`: "1x10", breaker + `{instance="otelcol"}`: "2x10",
	}, query{found.Targets[0].Expr, map[string]float64{
		`{instance="otelcol-0.example.org:8888", host="otelcol-0.example.org"}`: 0, `{instance="[::1]:8888", host="[::1]"}`: 1,
		`{instance="otelcol", host="otelcol"}`: 2,
	}})
}

// Overrides that are added or removed change their number. One that changes does not, but the rate of its namespace does. The rates of budgets
// change all the time.
func TestChangesOfOverridesAreAnnotations(t *testing.T) {
	annotations := readDashboard(t).Annotations.List
	require.Len(t, annotations, 2)
	metrics := documented(t)
	for _, a := range annotations {
		assert.Equal(t, a.Expr, a.Target.Expr)
		check(t, metrics, a.Name, a.Expr, a.TitleFormat, a.TextFormat, "{{"+strings.ReplaceAll(a.TagKeys, ",", "}}{{")+"}}")
	}
	const number, rate, ofBudget = prefix + "overrides_in_force", prefix + "sample_rate", prefix + "budget_sample_rate"
	ask(t, map[string]string{
		number + `{instance="a", signal="all"}`:                                      "1x8 2x2",
		number + `{instance="a", signal="traces"}`:                                   "1x10",
		number + `{instance="b", signal="all"}`:                                      "0x10",
		rate + `{instance="a", sampling_namespace="orders", signal="traces"}`:        "1x8 0.1x2",
		rate + `{instance="a", sampling_namespace="payments", signal="traces"}`:      "1x10",
		rate + `{instance="a", sampling_namespace="analytics", signal="traces"}`:     "0.1 0.2x8 0.1",
		ofBudget + `{instance="a", sampling_namespace="analytics", signal="traces"}`: "0.1 0.2x8 0.1",
	},
		query{annotations[0].Expr, map[string]float64{`{instance="a", signal="all"}`: 1}},
		query{annotations[1].Expr, map[string]float64{`{sampling_namespace="orders", signal="traces"}`: 1}})
}
