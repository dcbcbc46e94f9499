// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestWhatARemainderIsWithout(t *testing.T) { // R1
	const tasker = `postgres: {dsn: host=localhost`
	for name, c := range map[string]struct {
		yaml string
		want []string
	}{
		"the lookups of the layout": {tasker + `}`, []string{"task_uuid", "step_uuid", "workflow_step_uuid", "correlation_id"}},
		"other lookups": {
			tasker + `, lookups: [{attribute: order_id, query: SELECT id FROM orders WHERE id = ANY($1)}]}`, []string{"order_id"},
		},
		"groups":                {`consistent_by: [workflow]`, []string{"workflow"}},
		"groups and lookups":    {`{consistent_by: [workflow, task_uuid], ` + tasker + `}}`, []string{"workflow", "task_uuid", "step_uuid", "workflow_step_uuid", "correlation_id"}},
		"what is listed":        {`{consistent_by: [workflow], metrics: {remainder: {without: [queue]}}}`, []string{"queue"}},
		"an empty list is none": {`{consistent_by: [workflow], metrics: {remainder: {without: []}}}`, []string{"workflow"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := configured(t, `metrics: {remainder: {enabled: true}}`, c.yaml, `inspect: {endpoint: "localhost:0"}`)
			require.NoError(t, err)
			s := samplertest.StartWith(t, cfg)
			shown := samplertest.GetJSON[struct {
				Common struct {
					Telemetry struct {
						Metrics struct{ Remainder map[string]any }
					}
				}
			}](t, "http://"+s.InspectAddress()+"/config").Common.Telemetry.Metrics.Remainder
			var without []string
			for _, attribute := range shown["without"].([]any) {
				without = append(without, attribute.(string))
			}
			assert.Equal(t, c.want, without)
			assert.Equal(t, []any{true, 10_000.0, 1_000_000.0}, []any{shown["enabled"], shown["max_series"], shown["max_tracked"]})
		})
	}
}

func TestARemainderThatMakesNoSenseIsRefused(t *testing.T) { // R1, R8
	for yaml, want := range map[string]string{
		"{remainder: {enabled: true}}": "metrics::remainder::without: must list the attributes that make series many, e.g. [task_uuid], got none: " +
			"without postgres lookups and consistent_by there is no default",
		"{by: point, remainder: {enabled: true, without: [a]}}": "metrics::remainder::enabled: must be false with metrics::by point, got true: ",
		"{remainder: {without: [a, a]}}":                        `metrics::remainder::without::1: must be listed once, got "a" again`,
		`{remainder: {without: [""]}}`:                          `metrics::remainder::without::0: must name an attribute, got ""`,
		"{remainder: {max_series: 0}}":                          "metrics::remainder::max_series: must be between 1 and 1000000 series, got 0",
		"{remainder: {max_tracked: -1}}":                        "metrics::remainder::max_tracked: must be between 1 and 1073741824 numbers, got -1",
		"{remainder: {max_tracked: 1.5}}":                       "metrics::remainder::max_tracked: must be a whole number",
	} {
		t.Run(yaml, func(t *testing.T) {
			_, err := configured(t, "metrics: "+yaml)
			require.ErrorContains(t, err, want)
		})
	}
	_, err := configured(t, `metrics: {by: point, remainder: {enabled: false}}`)
	require.NoError(t, err)
}
