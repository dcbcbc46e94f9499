// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

const testdata = "../testdata"

// otelcol runs a command of the collector and returns its exit code and output.
func otelcol(t *testing.T, args ...string) (int, string) {
	t.Helper()
	return otelcolWith(t, nil, args...)
}

// otelcolWith is otelcol with environment variables.
func otelcolWith(t *testing.T, env []string, args ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, harness.Otelcol(t), args...)
	cmd.Env = slices.Concat(os.Environ(), []string{"DATABASE_URL=postgres://localhost/tasker"}, env)
	output, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), string(output)
}

// withProcessor writes a configuration with the processor's section and returns its path.
func withProcessor(t *testing.T, section string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`
receivers: {otlp: {protocols: {grpc: {}}}}
exporters: {nop: {}}
service: {pipelines: {traces: {receivers: [otlp], processors: [namespace_sampler], exporters: [nop]}}}
processors: {namespace_sampler: {`+section+`}}
`), 0o600))
	return path
}

func TestValidateReportsAllErrorsWithKeyValueAndRemedy(t *testing.T) {
	t.Parallel()
	code, output := otelcol(t, "validate", "--config", withProcessor(t, `
sample_rate: 50,
namespaces: {payments: -0.5, orders: {sample_rate: 50, until: tomorrow}},
tracing: {sampler: by_day, sampling_precision: 20, sample_rate: .nan},
metrics: {by: magic, namespaces: {"rust_*": 10}},
namespace: {attributes: []},
postgres: {dsn: "", on_failure: panic, query_timeout: 0s, lookups: [{attribute: id, query: SELECT 1}]}`))
	assert.Equal(t, 1, code)
	for _, fault := range [][]string{ // key, value, remedy
		{"sample_rate:", "got 50", "for 50 % write 0.5"},
		{"namespaces::payments:", "got -0.5", "between 0 and 1"},
		{"tracing::sampler:", `got "by_day"`, "trace_id_ratio"},
		{"tracing::sampling_precision:", "got 20", "between 1 and 14"},
		{"tracing::sample_rate:", "got NaN", "between 0 and 1"},
		{"metrics::by:", `got "magic"`, "series"},
		{"namespaces::orders:", "got 50", "for 50 % write 0.5"},
		{"namespaces::orders:", `got "tomorrow"`, "2026-12-01T00:00:00Z"},
		{"metrics::namespaces::rust_*:", "got 10", "for 10 % write 0.1"},
		{"namespace::attributes:", "got []", "[namespace]"},
		{"postgres::dsn:", "required", "postgres://user@host:5432/database"},
		{"postgres::on_failure:", `got "panic"`, "global_rate or keep or drop"},
		{"postgres::query_timeout:", "got 0s", "longer than 0"},
		{"postgres::lookups::0::query:", `got "SELECT 1"`, "$1 (text[])"},
	} {
		assert.True(t, oneLineHolds(output, fault), "%q in one line of:\n%s", fault, output)
	}
	assert.Contains(t, output, "processors::namespace_sampler: ")
}

func oneLineHolds(output string, texts []string) bool {
lines:
	for line := range strings.Lines(output) {
		for _, text := range texts {
			if !strings.Contains(line, text) {
				continue lines
			}
		}
		return true
	}
	return false
}

func TestUnknownKeysAreRejectedByName(t *testing.T) {
	t.Parallel()
	for section, key := range map[string]string{
		"inspection: {endpoint: localhost:1}": "inspection",
		"sample_rates: 1":                     "sample_rates",
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			code, output := otelcol(t, "validate", "--config", withProcessor(t, section))
			assert.Equal(t, 1, code)
			assert.Contains(t, output, "invalid keys: "+key)
			assert.Equal(t, key == "sample_rates", strings.Contains(output, "did you mean sample_rate?"))
		})
	}
}

func TestValuesOfTheWrongTypeAreRejected(t *testing.T) {
	t.Parallel()
	for section, complaint := range map[string]string{
		`sample_rate: often`:                      `sample_rate: must be a rate between 0 and 1, got "often"`,
		`sample_rate: 50%`:                        `sample_rate: must be a rate between 0 and 1, got "50%" (for 50 % write 0.5)`,
		`namespaces: {null: 1}`:                   `namespaces: has null as a name`,
		`namespaces: {a: {sample_rate: null}}`:    `namespaces::a::sample_rate: must be a rate between 0 and 1, got none`,
		`namespaces: {"a::b": 1}`:                 `list it, such as namespaces: [{name: "a::b", sample_rate: 0.5}]`,
		`namespaces: {a: {rate: 1}}`:              `namespaces::a: must be a rate between 0 and 1, or {sample_rate, until}`,
		`tracing: {always_keep: ["name"]}`:        `tracing::always_keep::0: must be an OTTL condition, got "name"`,
		`metrics: {rescale_delta: true}`:          "must be false with metrics::by series",
		`postgres: {dsn: 5.5}`:                    "postgres::dsn: must be text; put it in quotes",
		`namespace: {missing_values: [0.70]}`:     "namespace::missing_values::0: must be text, got 0.7; put it in quotes",
		`postgres: {layout: none, dsn: "host=a"}`: "none leaves nothing to read",
	} {
		t.Run(section, func(t *testing.T) {
			t.Parallel()
			code, output := otelcol(t, "validate", "--config", withProcessor(t, section))
			assert.Equal(t, 1, code)
			assert.Contains(t, output, complaint)
		})
	}
}

func TestNoMessageShowsAPassword(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{
		"postgres://tasker:hunter2%zz@localhost/tasker",
		"postgres://tasker:hunter2@localhost:port/tasker",
		"postgres://tasker:hunter2@local host/tasker",
		"postgres://tasker:hunter2/@localhost/tasker",
		"postgres://tasker:hunter2@localhost/tasker?sslmode=hunter2",
		"postgres://tasker:hunter2@localhost/tasker?pool_max_conns=hunter2",
		"postgres://tasker:hunter2@localhost/tasker?default_query_exec_mode=hunter2",
		"postgres://tasker:hunter2@localhost/tasker?sslmode=verify-full&sslrootcert=/hunter2",
		"host=localhost password='hunter2",
		"host=localhost password=hunter2 port=hunter2",
		"hunter2",
		"service=hunter2 password=hunter2",
	} {
		t.Run(dsn, func(t *testing.T) {
			t.Parallel()
			path := withProcessor(t, `postgres: {dsn: "`+dsn+`"}`)
			code, output := otelcol(t, "validate", "--config", path)
			assert.Equal(t, 1, code)
			assert.Contains(t, output, "postgres::dsn: ")
			assert.NotContains(t, output, "hunter2")
			_, output = otelcol(t, "--config", path)
			assert.NotContains(t, output, "hunter2")
		})
	}
	code, output := otelcol(t, "print-config", "--config",
		withProcessor(t, `postgres: {dsn: "postgres://tasker:hunter2@localhost/tasker"}`))
	assert.Zero(t, code, output)
	assert.Contains(t, output, "REDACTED")
	assert.NotContains(t, output, "hunter2")
}

// configurations returns the collector configurations of the repository.
func configurations(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testdata, "*.yaml"))
	require.NoError(t, err)
	inFolders, err := filepath.Glob(filepath.Join(testdata, "*", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	require.NotEmpty(t, inFolders)
	return append(files, inFolders...)
}

func TestTheConfigurationsOfTheRepositoryAreValid(t *testing.T) {
	t.Parallel()
	for _, file := range configurations(t) {
		args := []string{"validate", "--config", file}
		if filepath.Base(file) == "production.yaml" { // completes another file
			args = []string{"validate", "--config", filepath.Join(testdata, "base.yaml"), "--config", file}
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			code, output := otelcol(t, args...)
			assert.Zero(t, code, output)
		})
	}
}

// The collector prints settings that are not set as null.
func TestPrintedConfigurationsCanBeLoaded(t *testing.T) {
	t.Parallel()
	for _, file := range configurations(t) {
		switch filepath.Base(file) {
		case "production.yaml": // completes another file
			continue
		case "minimal.yaml": // the printed form of its debug exporter is not valid
			continue
		case "service_name.yaml", "first.yaml", "second.yaml": // nor is that of their transform processors
			continue
		case "filelog.yaml": // nor is that of the operators of its receiver
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			code, printed := otelcol(t, "print-config", "--config", file)
			require.Zero(t, code, printed)
			// A DSN is printed as [REDACTED], which is not a valid DSN.
			printed = strings.ReplaceAll(printed, "dsn: '[REDACTED]'", "dsn: host=localhost")
			path := filepath.Join(t.TempDir(), "printed.yaml")
			require.NoError(t, os.WriteFile(path, []byte(printed), 0o600))
			code, output := otelcol(t, "validate", "--config", path)
			assert.Zero(t, code, output)
		})
	}
}

func TestAnEnvironmentFileIsMergedIntoTheBase(t *testing.T) {
	t.Parallel()
	base, production := filepath.Join(testdata, "base.yaml"), filepath.Join(testdata, "production.yaml")
	code, output := otelcol(t, "print-config", "--config", base, "--config", production)
	require.Zero(t, code, output)
	compact := strings.Join(strings.Fields(output), " ")
	assert.Contains(t, compact, "namespaces: - name: analytics sample_rate: 0.01 - name: integrations sample_rate: 0.1 "+
		"- name: orders sample_rate: 0.5 - name: payments sample_rate: 1")
	assert.Contains(t, compact, "detailed: enabled: false match: - IsMatch(", "production switches off, and says for which metrics")
	assert.Contains(t, compact, `"tasker.step_results.processed.total" sample_rate: 1`, "the base keeps its rate")
	assert.Contains(t, compact, "sampler: parent_based", "what neither says is the default")
	assert.Contains(t, compact, "sample_rate: 0.1")
	assert.Contains(t, compact, "receivers: - otlp", "pipelines are the base's")
}
