// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// Packages and images have the version of tools/version.sh too; the tests of deploy/ see to that.
func TestTheVersionIsOne(t *testing.T) {
	t.Parallel()
	run := func(name string, arguments ...string) string {
		output, err := exec.CommandContext(t.Context(), name, arguments...).Output()
		require.NoError(t, err)
		return strings.TrimSpace(string(output))
	}
	version := run("../tools/version.sh")
	require.Regexp(t, `^\d+\.\d+\.\d+`, version)
	assert.Equal(t, "otelcol-tasker version "+version, run(harness.Otelcol(t), "--version"))

	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Processor: "sample_rate: 1", Inspect: plain})
	for _, path := range []string{"/config", "/namespaces"} {
		_, body := inspect(t, collector, path, nil)
		var document struct {
			Collector struct{ Service, Version string }
		}
		require.NoError(t, json.Unmarshal([]byte(body), &document), path)
		assert.Equal(t, "otelcol-tasker", document.Collector.Service, path)
		assert.Equal(t, version, document.Collector.Version, path)
	}
	harness.NewClient(t, collector).Traces(traces(t, nil, nil, randomSpans(random(), 1, attrs{"namespace": "payments"})...))
	scrape := collector.Scrape()
	assert.Equal(t, map[string]bool{version: true}, scrape.Values("target_info", "service_version"))
	assert.Equal(t, map[string]bool{"otelcol-tasker": true}, scrape.Values("target_info", "service_name"))
	for name := range scrape { // those of some settings of the reader have the label, too
		for value := range scrape.Values(name, "service_version") {
			assert.Equal(t, version, value, name)
		}
	}
}
