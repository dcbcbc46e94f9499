// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// perSignal are the metrics that only a processor in a pipeline of the signal has.
var perSignal = map[string][]string{
	"traces": {
		"spans", "tracestate_faults", "forgotten_traces", "held_spans", "set_aside_spans", "early_released_traces", "undelivered_spans",
	},
	"metrics": {"datapoints", "saturated_datapoints", "remainder_datapoints"},
	"logs":    {"log_records", "log_record_faults"},
}

// existsFor reports whether a collector that has pipelines of one signal only has a metric.
func existsFor(signal, metric string) bool {
	if signal == "metrics" && strings.HasPrefix(metric, prefix+"budget_") {
		return false // data points have no budgets
	}
	for other, names := range perSignal {
		if other != signal && slices.Contains(names, strings.TrimPrefix(metric, prefix)) {
			return false
		}
	}
	return true
}

// seriesFor returns series of all documented metrics of a collector that has pipelines of one signal only, with every combination of label
// values.
func seriesFor(metrics map[string]map[string][]string, signal string) map[string]string {
	series := map[string]string{}
	for name, labels := range metrics {
		if !existsFor(signal, name) {
			continue
		}
		combinations := []string{`job="otelcol", instance="a"`}
		for label, values := range labels {
			if label == "le" {
				values = []string{"1", "+Inf"}
			} else if len(values) == 0 {
				values = []string{"x"}
			}
			var longer []string
			for _, value := range values {
				for _, labels := range combinations {
					longer = append(longer, fmt.Sprintf("%s, %s=%q", labels, label, value))
				}
			}
			combinations = longer
		}
		for _, labels := range combinations {
			series[name+"{"+labels+"}"] = "1+60x10"
		}
	}
	return series
}

func TestTheDashboardWorksForACollectorWithOneSignal(t *testing.T) {
	dashboard := readDashboard(t)
	metrics := documented(t)
	notEmpty, empty := map[string]float64{"{}": 1}, map[string]float64{}
	for signal := range perSignal {
		t.Run("only "+signal, func(t *testing.T) {
			var queries []query
			for _, variable := range dashboard.Templating.List {
				if variable.Type != "query" {
					continue
				}
				call := labelValuesPattern.FindStringSubmatch(variable.Definition)
				require.NotNil(t, call, variable.Definition)
				labelled := fmt.Sprintf(`%s, %s!=""}`, strings.TrimSuffix(call[1], "}"), call[2])
				queries = append(queries, query{"group(" + labelled + ")", notEmpty})
			}
			for _, p := range dashboard.Panels {
				for _, target := range p.Targets {
					found, missing := 0, 0
					for _, match := range metricPattern.FindAllStringSubmatch(target.Expr, -1) {
						if existsFor(signal, match[1]) {
							found++
						} else {
							missing++
						}
					}
					want := notEmpty // one metric that exists is enough
					if found == 0 || missing > 0 && strings.Contains(target.Expr, " and on ") {
						want = empty
					}
					queries = append(queries, query{"group(" + target.Expr + ")", want})
				}
			}
			ask(t, seriesFor(metrics, signal), queries...)
		})
	}
}

var labelValuesPattern = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
