// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
)

func TestOneIncompleteTraceInAHundredIsEnoughToPassAndTwoAreNot(t *testing.T) {
	t.Parallel()
	r := &Run{Title: "cut", Traces: someTraces(2, append(repeated(99, 2), 1)...)}
	assert.Zero(t, checkCut(r).Faults)
	r.Traces = someTraces(2, append(repeated(98, 2), 1, 1)...)
	assert.Equal(t, 2, checkCut(r).Faults)
}

func TestFailingTracesThatAreCutNeedNotBeComplete(t *testing.T) {
	t.Parallel()
	r := &Run{Title: "cut", KeepsFailed: true, Traces: alsoFailing(someTraces(2, repeated(10, 2)...), 2, 1, 1)}
	c := checkCut(r)
	assert.Zero(t, c.Faults)
	assert.Contains(t, c.Name, "complete, but for failing ones")
	r.KeepsFailed = false
	c = checkCut(r)
	assert.Equal(t, 2, c.Faults)
	assert.NotContains(t, c.Name, "failing")
}

func TestHoldMustNotMakeASmallerShareOfTheTracesComplete(t *testing.T) {
	t.Parallel()
	cut := &Run{Traces: alsoFailing(someTraces(2, 2, 2, 1, 0), 2, 2, 1)}
	for name, test := range map[string]struct {
		held   ledger.Traces
		faults int
	}{
		"more":                 {alsoFailing(someTraces(2, 2, 2, 2, 0), 2, 2, 2), 0},
		"as many":              {alsoFailing(someTraces(2, 2, 2, 1, 0), 2, 2, 1), 0},
		"fewer, but all whole": {alsoFailing(someTraces(2, 2, 0, 0, 0), 2, 2, 1), 0},
		"less of the sampled":  {alsoFailing(someTraces(2, 2, 2, 1, 1), 2, 2, 2), 2},
		"less of the failing":  {alsoFailing(someTraces(2, 2, 2, 2, 0), 2, 1, 1), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.faults, checkHeld(&Run{Title: "hold", Traces: test.held}, cut).Faults)
		})
	}
}

func repeated(n, value int) (all []int) {
	for range n {
		all = append(all, value)
	}
	return all
}

func TestATenthOfTheKeysMayBeLookedUp(t *testing.T) {
	t.Parallel()
	asked := func(keys int) *Run {
		after, err := ledger.Parse(strings.NewReader(fmt.Sprintf(`
otelcol_processor_namespace_sampler_lookup_keys_total{outcome="hit"} %d
otelcol_processor_namespace_sampler_lookup_keys_total{outcome="malformed"} 5
`, keys+50)))
		require.NoError(t, err)
		return &Run{
			Spans: &ledger.Summary{}, Points: &ledger.Summary{Keys: 30}, Records: &ledger.Summary{Keys: 20},
			Growth: &ledger.Growth{Before: &ledger.Scrape{}, After: after},
		}
	}
	assert.Zero(t, checkSaved(asked(100), asked(1000)).Faults)
	assert.Equal(t, 1, checkSaved(asked(101), asked(1000)).Faults)
	var out strings.Builder
	printSavedKeys(&out, asked(1000), asked(250))
	assert.Contains(t, out.String(), "75.00 %")
	assert.NotContains(t, out.String(), "failing")
	failing := asked(500)
	failing.KeepsFailed = true
	printSavedKeys(&out, asked(1000), failing)
	assert.Contains(t, out.String(), "with the keys of all failing traces")
}

func TestAFaultInOneVariantFailsTheDemo(t *testing.T) {
	t.Parallel()
	checks := []Check{{"this", 0, ""}, {"that", 3, "there"}, {"nothing", 0, ""}}
	assert.Equal(t, Check{"variant: everything is as expected here too", 3, "that (there)"}, combine("variant", checks))
}
