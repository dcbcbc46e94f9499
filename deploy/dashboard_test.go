// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// ask holds what an expression of the dashboard answers after ten minutes of series to what it should: labels → value.
func ask(t *testing.T, expr string, series map[string]string, want map[string]float64) {
	t.Helper()
	for variable, value := range map[string]string{"$job": ".*", "$instance": ".*", "$namespace": ".*", "$__rate_interval": "5m"} {
		expr = strings.ReplaceAll(expr, variable, value)
	}
	type m map[string]any
	var input, samples []m
	for name, values := range series {
		input = append(input, m{"series": name, "values": values})
	}
	for labels, value := range want {
		samples = append(samples, m{"labels": labels, "value": value})
	}
	text, err := yaml.Marshal(m{"tests": []m{{
		"interval": "1m", "input_series": input,
		"promql_expr_test": []m{{"expr": expr, "eval_time": "10m", "exp_samples": samples}},
	}}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "test.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	said, err := exec.CommandContext(t.Context(), "promtool", "test", "rules", file).CombinedOutput()
	assert.NoError(t, err, "%s (make alerts installs promtool)", said)
}

// panels are those of the dashboard.
func panels(t *testing.T) (byTitle map[string]panel) {
	t.Helper()
	text, err := os.ReadFile("grafana/namespace_sampler.json")
	require.NoError(t, err)
	var dashboard struct{ Panels []panel }
	require.NoError(t, json.Unmarshal(text, &dashboard))
	byTitle = map[string]panel{}
	for _, p := range dashboard.Panels {
		byTitle[p.Title] = p
	}
	return byTitle
}

func TestTheDashboardShowsNamespacesOfWhichNothingIsKept(t *testing.T) {
	const spans, points = "otelcol_processor_namespace_sampler_spans", "otelcol_processor_namespace_sampler_datapoints"
	for title, metric := range map[string]string{
		"Share of spans kept, by namespace":       spans,
		"Share of data points kept, by namespace": points,
	} {
		t.Run(title, func(t *testing.T) {
			found := panels(t)[title]
			require.Len(t, found.Targets, 1)
			ask(t, found.Targets[0].Expr, map[string]string{
				metric + `{namespace="payments", decision="kept", rule="exact"}`:   "0+60x10",
				metric + `{namespace="orders", decision="kept", rule="exact"}`:     "0+60x10",
				metric + `{namespace="orders", decision="dropped", rule="exact"}`:  "0+180x10",
				metric + `{namespace="silent", decision="dropped", rule="global"}`: "0+60x10",
				points + `{namespace="_none", decision="kept", rule="passed"}`:     "0+60x10", // no rate applies to these
			}, map[string]float64{`{namespace="payments"}`: 1, `{namespace="orders"}`: 0.25, `{namespace="silent"}`: 0})
		})
	}
}

func TestTheDashboardShowsACollectorThatLacksRuntimeOverrides(t *testing.T) {
	found := panels(t)["Runtime overrides in force"]
	require.Len(t, found.Targets, 2)
	const metric = "otelcol_processor_namespace_sampler_overrides_in_force"
	series := map[string]string{
		metric + `{instance="a", signal="all"}`: "3x10", metric + `{instance="a", signal="traces"}`: "1x10",
		metric + `{instance="b", signal="all"}`: "0x10", metric + `{instance="b", signal="traces"}`: "1x10",
	}
	for i, all := range []float64{0, 3} { // the least, the most
		ask(t, found.Targets[i].Expr, series, map[string]float64{`{signal="all"}`: all, `{signal="traces"}`: 1})
	}
}
