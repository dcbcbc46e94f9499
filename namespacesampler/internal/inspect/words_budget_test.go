// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// explainer returns a function that asks a view, with all signals enabled, about a namespace.
func explainer(t *testing.T, v *inspect.View) func(signal, name string) string {
	t.Helper()
	v.Static.Tracing.Enabled, v.Static.Metrics.Enabled, v.Static.Logs.Enabled = true, true, true
	v.Static.Metrics.Detailed.Enabled = true
	return func(signal, name string) string {
		e, err := v.Explain(inspect.Question{Namespace: name, Signal: signal})
		require.NoError(t, err)
		return e.Text
	}
}

func TestBudgetsInWords(t *testing.T) { // B1, B5
	synctest.Test(t, func(t *testing.T) {
		v := budgetView(t, rate.Override{Key: "analytics", Signal: rate.Traces, Source: rate.SignalOverride, ItemsPerSecond: 200})
		explain := explainer(t, v)
		assert.Equal(t, "Of spans of analytics, all are kept. Their rate is 100 %: the override of analytics for spans alone. "+
			"It follows from a budget of 200 spans a second; nothing has been counted yet.", explain("traces", "analytics"))

		tables := v.Steering.Rates.InForce()
		arrive(tables.Traces.Lookup("analytics"), 30_000, 2_000)
		arrive(tables.Logs.Lookup("payments"), 50_001, 9_000)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Equal(t, "Of spans of analytics, 6.67 % are kept. Their rate is 6.67 %: the override of analytics for spans alone. "+
			"It follows from a budget of 200 spans a second; 3000 a second arrived in the last interval.", explain("traces", "analytics"))
		assert.Equal(t, "Of log records of payments, 10 % are kept. Their rate is 10 %: a share of the budget that all namespaces without an override "+
			"have, as no override matches payments. It follows from a budget of 500 log records a second; 5000.1 a second arrived in the last interval.",
			explain("logs", "payments"))

		guard := v.Steering.Rates.InForce().Traces.Lookup("analytics").Share.Guard
		guard.Add(1.8*2000, 1)
		assert.Equal(t, "Of spans of analytics, 1.67 % are kept. Their rate is 1.67 %: the override of analytics for spans alone. "+
			"It follows from a budget of 200 spans a second; 3000 a second arrived in the last interval; "+
			"as far more arrives now, it is lowered to 1/4 until the interval ends.", explain("traces", "analytics"))
	})
}

func TestRuntimeOverridesInWords(t *testing.T) {
	runtime := func(key string, signal rate.Signal) rate.Override {
		return rate.Override{Key: key, Signal: signal, Source: rate.RuntimeOverride, Probability: 0.5, Until: time.Date(2126, 1, 2, 3, 4, 5, 6e6, time.UTC)}
	}
	v := budgetView(t, runtime("payments", rate.All), runtime("pay*", rate.Traces), rate.Override{Key: "payroll", Signal: rate.All, Source: rate.SharedOverride})
	explain := explainer(t, v)
	assert.Equal(t, "Of spans of payments, 50 % are kept. Their rate is 50 % until 2126-01-02T03:04:05.006Z: the runtime override of payments for all signals.",
		explain("traces", "payments"))
	assert.Equal(t, "Of spans of payroll, 50 % are kept. Their rate is 50 % until 2126-01-02T03:04:05.006Z: pattern pay*, a runtime override for spans alone; "+
		"no runtime override names payroll itself.", explain("traces", "payroll"), "a configured one does")
	assert.Equal(t, "Of data points of payroll, none are kept. Their rate is 0 %: the override of payroll for all signals.", explain("metrics", "payroll"))
}

// Names come from whoever asks, patterns from the configuration. Neither is shown longer than elsewhere, or can pass for a sentence.
func TestNamesInWordsAreCutAndQuoted(t *testing.T) {
	const hostile = "a\u202Eb\x00 \"c\". It is kept\xff"
	long := strings.Repeat("y", 200) + "*"
	explain := explainer(t, budgetView(t, rate.Override{Key: long, Signal: rate.All, Source: rate.SharedOverride, Probability: 0.5}))
	assert.Contains(t, explain("traces", hostile), `Of spans of "a\u202eb\x00 \"c\". It is kept�", all are kept.`)
	text := explain("traces", strings.Repeat("y", 300))
	assert.Contains(t, text, "pattern "+strings.Repeat("y", 128)+", an override")
	assert.NotContains(t, text, strings.Repeat("y", 129))
	for _, name := range []string{"a.", "a,b", "a b", "(a)", "\u200B"} {
		assert.NotContains(t, explain("traces", name), "Of spans of "+name+",", "it is quoted")
	}
	for _, name := range []string{"rust::module", "ä-1_b/c.d"} {
		assert.Contains(t, explain("traces", name), "Of spans of "+name+", all are kept.")
	}
}
