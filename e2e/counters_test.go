// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// assertCountedOnce asserts that the counter of a signal (spans or datapoints) counts every item once: those that reached the
// sink as kept, the others as dropped.
func assertCountedOnce(t testing.TB, collector *harness.Collector, signal string, sent, received int) {
	t.Helper()
	scrape := collector.Scrape()
	assert.EqualValues(t, received, scrape.Sum(harness.Prefix+signal, harness.Labels{"decision": "kept"}), "kept %s", signal)
	assert.EqualValues(t, sent-received, scrape.Sum(harness.Prefix+signal, harness.Labels{"decision": "dropped"}), "dropped %s", signal)
}
