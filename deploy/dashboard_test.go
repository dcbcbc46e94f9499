// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const prefix = "otelcol_processor_namespace_sampler_"

// m is a mapping of a promtool test file.
type m map[string]any

// query is an expression of the dashboard and the samples that it should return.
type query struct {
	expr string
	want map[string]float64 // by labels
}

// ask asserts what expressions return after ten minutes of series.
func ask(t *testing.T, series map[string]string, queries ...query) {
	t.Helper()
	variables := strings.NewReplacer("$job", ".*", "$instance", ".*", "$namespace", ".*", "$__rate_interval", "5m", "$__range", "10m", "$topn", "10")
	var input, tests []m
	for name, values := range series {
		input = append(input, m{"series": name, "values": values})
	}
	for _, q := range queries {
		samples := []m{}
		for labels, value := range q.want {
			samples = append(samples, m{"labels": labels, "value": value})
		}
		tests = append(tests, m{"expr": variables.Replace(q.expr), "eval_time": "10m", "exp_samples": samples})
	}
	text, err := yaml.Marshal(m{"tests": []m{{"interval": "1m", "input_series": input, "promql_expr_test": tests}}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "test.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	output, err := exec.CommandContext(t.Context(), "promtool", "test", "rules", file).CombinedOutput()
	assert.NoError(t, err, "%s (make alerts installs promtool)", output)
}

// panels returns the panels of the dashboard by title.
func panels(t *testing.T) (byTitle map[string]panel) {
	t.Helper()
	byTitle = map[string]panel{}
	for _, p := range readDashboard(t).Panels {
		byTitle[p.Title] = p
	}
	return byTitle
}

func TestTheShareKeptIsShownBesideTheSampleRate(t *testing.T) {
	const points = prefix + "datapoints"
	for title, of := range map[string][2]string{
		"Share of spans kept, by namespace":       {prefix + "spans", "traces"},
		"Share of data points kept, by namespace": {points, "metrics"},
		"Share of log records kept, by namespace": {prefix + "log_records", "logs"},
	} {
		t.Run(title, func(t *testing.T) {
			found, metric, rate := panels(t)[title], of[0], prefix+"sample_rate"
			require.Len(t, found.Targets, 2)
			ask(t, map[string]string{
				metric + `{sampling_namespace="payments", decision="kept", rule="exact"}`:   "0+60x10",
				metric + `{sampling_namespace="orders", decision="kept", rule="exact"}`:     "0+60x10",
				metric + `{sampling_namespace="orders", decision="dropped", rule="exact"}`:  "0+180x10",
				metric + `{sampling_namespace="silent", decision="dropped", rule="global"}`: "0+60x10",
				metric + `{sampling_namespace="idle", decision="kept", rule="global"}`:      "60x10",
				points + `{sampling_namespace="_none", decision="kept", rule="passed"}`:     "0+60x10", // no rate applies

				rate + `{instance="a", sampling_namespace="payments", signal="` + of[1] + `"}`: "0.5x10",
				rate + `{instance="b", sampling_namespace="payments", signal="` + of[1] + `"}`: "1x10",
				rate + `{sampling_namespace="orders", signal="` + of[1] + `"}`:                 "0.25x10",
				rate + `{sampling_namespace="orders", signal="other"}`:                         "0.1x10",
				rate + `{sampling_namespace="idle", signal="` + of[1] + `"}`:                   "1x10",
			}, query{found.Targets[0].Expr, map[string]float64{
				`{sampling_namespace="payments"}`: 1, `{sampling_namespace="orders"}`: 0.25, `{sampling_namespace="silent"}`: 0,
			}}, query{found.Targets[1].Expr, map[string]float64{`{sampling_namespace="payments"}`: 0.5, `{sampling_namespace="orders"}`: 0.25}})
		})
	}
}

func TestItemsOfEverySignalAreShownByNamespaceAndByRule(t *testing.T) {
	for title, labels := range map[string]string{"Items by namespace": `{sampling_namespace="orders"}`, "Items by rule": `{rule="exact"}`} {
		t.Run(title, func(t *testing.T) {
			found := panels(t)[title]
			require.Len(t, found.Targets, 3)
			for i, items := range []string{"spans", "datapoints", "log_records"} {
				name := prefix + items
				ask(t, map[string]string{
					name + `{sampling_namespace="orders", decision="kept", rule="exact"}`:    "0+60x10",
					name + `{sampling_namespace="orders", decision="dropped", rule="exact"}`: "0+120x10",
				}, query{found.Targets[i].Expr, map[string]float64{labels: 3}})
			}
		})
	}
}

func TestOnlyNamespacesWithABudgetAreShownWithWhatArrivedAndWasKept(t *testing.T) {
	for title, of := range map[string][2]string{
		"Spans with a budget": {"spans", "traces"}, "Log records with a budget": {"log_records", "logs"},
	} {
		t.Run(title, func(t *testing.T) {
			found := panels(t)[title]
			require.Len(t, found.Targets, 2)
			arrivals, items := prefix+"budget_arrivals", prefix+of[0]
			series := map[string]string{ // two collectors, with a budget each
				arrivals + `{instance="a", sampling_namespace="analytics", signal="` + of[1] + `"}`: "600x10",
				arrivals + `{instance="b", sampling_namespace="analytics", signal="` + of[1] + `"}`: "200x10",
				arrivals + `{instance="a", sampling_namespace="orders", signal="other"}`:            "50x10",
				items + `{instance="a", sampling_namespace="analytics", decision="kept"}`:           "0+6000x10",
				items + `{instance="b", sampling_namespace="analytics", decision="kept"}`:           "0+3000x10",
				items + `{instance="a", sampling_namespace="analytics", decision="dropped"}`:        "0+30000x10",
				items + `{instance="a", sampling_namespace="orders", decision="kept"}`:              "0+600x10",
			}
			const analytics = `{sampling_namespace="analytics"}`
			ask(t, series, query{found.Targets[0].Expr, map[string]float64{analytics: 800}},
				query{found.Targets[1].Expr, map[string]float64{analytics: 150}})
		})
	}
}

func TestTheLowestRateOfABudgetIsShown(t *testing.T) {
	found := panels(t)["Sample rates of budgets"]
	require.Len(t, found.Targets, 1)
	const metric = prefix + "budget_sample_rate"
	ask(t, map[string]string{
		metric + `{instance="a", sampling_namespace="analytics", signal="traces"}`: "0.5x10",
		metric + `{instance="b", sampling_namespace="analytics", signal="traces"}`: "0.1x10",
		metric + `{instance="a", sampling_namespace="analytics", signal="logs"}`:   "1x10",

		prefix + `budget_arrivals{instance="a", sampling_namespace="analytics", signal="traces"}`: "600x10",
		prefix + `budget_arrivals{instance="a", sampling_namespace="analytics", signal="logs"}`:   "0x10",
	}, query{found.Targets[0].Expr, map[string]float64{
		`{sampling_namespace="analytics", signal="traces"}`: 0.1, `{sampling_namespace="analytics", signal="logs"}`: 1,
	}})
}

func TestACollectorThatLacksRuntimeOverridesIsVisible(t *testing.T) {
	found := panels(t)["Runtime overrides in force"]
	require.Len(t, found.Targets, 2)
	const metric = "otelcol_processor_namespace_sampler_overrides_in_force"
	series := map[string]string{
		metric + `{instance="a", signal="all"}`: "3x10", metric + `{instance="a", signal="traces"}`: "1x10",
		metric + `{instance="b", signal="all"}`: "0x10", metric + `{instance="b", signal="traces"}`: "1x10",
	}
	for i, all := range []float64{0, 3} { // minimum, maximum
		ask(t, series, query{found.Targets[i].Expr, map[string]float64{`{signal="all"}`: all, `{signal="traces"}`: 1}})
	}
}

func TestWhatTheRemainderLosesIsShown(t *testing.T) {
	const remainder = prefix + "remainder_"
	all := panels(t)
	points := all["Points folded, lost and saturated by the remainder"]
	require.Len(t, points.Targets, 3)
	for i, metric := range []string{"folded_datapoints", "lost_datapoints", "saturated_datapoints"} {
		ask(t, map[string]string{
			remainder + metric + `{instance="a"}`: "0+60x10", remainder + metric + `{instance="b"}`: "0+120x10",
		}, query{points.Targets[i].Expr, map[string]float64{"{}": 3}})
	}
	forgotten := all["Series forgotten by the remainder"]
	require.Len(t, forgotten.Targets, 1)
	const metric = remainder + "forgotten_series"
	ask(t, map[string]string{metric + `{instance="a"}`: "0+60x10", metric + `{instance="b"}`: "5x10"},
		query{forgotten.Targets[0].Expr, map[string]float64{`{instance="a"}`: 1, `{instance="b"}`: 0}})
}
