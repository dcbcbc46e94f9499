// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Grafana asks for the values of a variable with those of the ones before it.
func TestVariablesAreChained(t *testing.T) {
	variables := map[string]variable{}
	names := []string{}
	for _, v := range readDashboard(t).Templating.List {
		variables[v.Name] = v
		names = append(names, v.Name)
	}
	assert.Equal(t, []string{"datasource", "job", "instance", "namespace", "topn", "inspect"}, names)
	for name, filters := range map[string][]string{"job": {}, "instance": {"job"}, "namespace": {"job", "instance"}} {
		for _, other := range []string{"job", "instance", "namespace"} {
			filter := other + `=~"$` + other + `"`
			assert.Equal(t, slices.Contains(filters, other), strings.Contains(variables[name].Definition, filter), "%s by %s", name, other)
		}
		assert.Equal(t, variables[name].Definition, variables[name].Query.(map[string]any)["query"], name)
	}
	assert.Equal(t, "5,10,25,50", variables["topn"].Query)
	assert.Equal(t, "10", variables["topn"].Current.Value)
	assert.Equal(t, "textbox", variables["inspect"].Type)
	assert.Equal(t, "http://localhost:8090/", variables["inspect"].Current.Value)
}

// A namespace that is among the busiest of the range is drawn over all of it.
func TestPanelsByNamespaceShowTheBusiestOfTheWholeRange(t *testing.T) {
	found := 0
	for _, p := range readDashboard(t).Panels {
		for _, target := range p.Targets {
			assert.Equal(t, strings.Count(target.Expr, "topk("), strings.Count(target.Expr, "topk($topn, "), "%s: a fixed number", p.Title)
			if strings.Contains(target.LegendFormat, "{{sampling_namespace}}") {
				found++
				assert.Contains(t, target.Expr, "topk($topn, ", p.Title)
				assert.Equal(t, strings.Count(target.Expr, "topk("), strings.Count(target.Expr, "[$__range] @ end()"), p.Title)
			}
		}
	}
	assert.Equal(t, 14, found)
}

func TestAllPanelsOfASignalShowTheSameNamespaces(t *testing.T) {
	byTitle := panels(t)
	for i, of := range [][3]string{{"spans", "spans", "traces"}, {"data points", "datapoints", "metrics"}, {"log records", "log_records", "logs"}} {
		t.Run(of[0], func(t *testing.T) {
			metric, rate := prefix+of[1], prefix+"sample_rate"
			series := map[string]string{
				// was idle for the last minutes, and is the busiest nevertheless
				metric + `{sampling_namespace="batch", decision="dropped", rule="exact"}`:      "0+6000x8 48600 49200",
				metric + `{sampling_namespace="steady", decision="kept", rule="exact"}`:        "0+1200x10",
				metric + `{sampling_namespace="small", decision="kept", rule="exact"}`:         "0+600x10",
				rate + `{sampling_namespace="batch", signal="` + of[2] + `"}`:                  "0x10",
				rate + `{sampling_namespace="steady", signal="` + of[2] + `"}`:                 "1x10",
				rate + `{sampling_namespace="small", signal="` + of[2] + `"}`:                  "1x10",
				prefix + `budget_arrivals{sampling_namespace="small", signal="` + of[2] + `"}`: "10x10",
			}
			targets := append([]target{byTitle["Items by namespace"].Targets[i]}, byTitle["Share of "+of[0]+" kept, by namespace"].Targets...)
			for _, target := range targets {
				expr := "group by (sampling_namespace) (" + strings.ReplaceAll(target.Expr, "$topn", "2") + ")"
				ask(t, series, query{expr, map[string]float64{`{sampling_namespace="batch"}`: 1, `{sampling_namespace="steady"}`: 1}})
			}
		})
	}
}

// Green and orange that the colour-blind can tell apart.
func TestKeptAndDroppedHaveTheSameColoursEverywhere(t *testing.T) {
	found := 0
	for _, p := range readDashboard(t).Panels {
		if !slices.ContainsFunc(p.Targets, func(t target) bool { return strings.Contains(t.Expr, "by (decision)") }) {
			continue
		}
		found++
		colors := map[string]any{}
		for _, o := range p.FieldConfig.Overrides {
			assert.Equal(t, "byName", o.Matcher.ID)
			assert.Equal(t, "color", o.Properties[0].ID)
			colors[o.Matcher.Options] = o.Properties[0].Value
		}
		assert.Equal(t, map[string]any{
			"kept":    map[string]any{"mode": "fixed", "fixedColor": "#009E73"},
			"dropped": map[string]any{"mode": "fixed", "fixedColor": "#E69F00"},
		}, colors, p.Title)
	}
	assert.Equal(t, 3, found)
}

func TestStatsShowZeroForASignalThatIsUsedAndNothingForOthers(t *testing.T) {
	byTitle := panels(t)
	arrived, saved := byTitle["Items arrived"], byTitle["Share saved"]
	require.Len(t, arrived.Targets, 3)
	require.Len(t, saved.Targets, 3)
	const kept, dropped = `{sampling_namespace="a", decision="kept"}`, `{sampling_namespace="b", decision="dropped"}`
	for i, items := range []string{"spans", "datapoints", "log_records"} {
		queries := func(i int, wantArrived, wantSaved map[string]float64) []query {
			return []query{{arrived.Targets[i].Expr, wantArrived}, {saved.Targets[i].Expr, wantSaved}}
		}
		none := map[string]float64{}
		ask(t, map[string]string{prefix + items + kept: "0+60x10"}, append(
			queries(i, map[string]float64{"{}": 1}, map[string]float64{"{}": 0}), queries((i+1)%3, none, none)...)...)
		ask(t, map[string]string{prefix + items + kept: "0+60x10", prefix + items + dropped: "0+180x10"},
			queries(i, map[string]float64{"{}": 4}, map[string]float64{"{}": 0.75})...)
		ask(t, map[string]string{prefix + items + dropped: "60x10"}, queries(i, map[string]float64{"{}": 0}, none)...) // idle
	}
	for title, p := range byTitle {
		if p.Type != "row" {
			assert.NotEmpty(t, p.FieldConfig.Defaults.NoValue, "%s says what it means that there is nothing to show", title)
		}
	}
}

func TestTheHitRatioIsOfTheKeysThatAreNotMalformed(t *testing.T) {
	found := panels(t)["Cache hit ratio"]
	require.Len(t, found.Targets, 1)
	const keys = prefix + "lookup_keys"
	ask(t, map[string]string{
		keys + `{instance="a", outcome="hit"}`: "0+540x10", keys + `{instance="a", outcome="resolved"}`: "0+30x10",
		keys + `{instance="a", outcome="unavailable"}`: "0+30x10", keys + `{instance="a", outcome="malformed"}`: "0+6000x10",
		keys + `{instance="b", outcome="unknown"}`: "0+60x10", keys + `{instance="c", outcome="hit"}`: "60x10",
	}, query{found.Targets[0].Expr, map[string]float64{`{instance="a"}`: 0.9, `{instance="b"}`: 0}})
}

// Counters do not exist before they count. Of a processor that could have counted, that means zero.
func TestCountersOfWhatIsRareShowZeroBeforeTheyExist(t *testing.T) {
	for title, exists := range map[string]string{
		"Late keys": `lookup_keys{outcome="hit"}`, "Lookup round trips": `lookup_keys{outcome="hit"}`,
		"Traces evicted early": `spans{decision="kept"}`, "Saturated data points": `datapoints{decision="kept"}`,
		"Spans that had to wait": "held_spans", "Held spans, early and lost": "held_spans",
	} {
		for _, target := range panels(t)[title].Targets {
			ask(t, map[string]string{prefix + exists: "5+60x10"}, query{target.Expr, map[string]float64{"{}": 0}})
			ask(t, map[string]string{prefix + "fleet_collectors": "5x10"}, query{target.Expr, map[string]float64{}})
		}
	}
}
