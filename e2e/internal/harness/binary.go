// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"os"
	"path/filepath"
	"testing"
)

// Otelcol returns the path of the built collector: $OTELCOL, else ../bin/otelcol-tasker.
func Otelcol(t testing.TB) string {
	t.Helper()
	return binary(t, "OTELCOL", "otelcol-tasker", "make build")
}

// OtelcolBench returns the path of the collector for measurements: $OTELCOL_BENCH, else ../bin/otelcol-bench.
func OtelcolBench(t testing.TB) string {
	t.Helper()
	return binary(t, "OTELCOL_BENCH", "otelcol-bench", "make bin/otelcol-bench")
}

// OtelcolDownstream returns the path of the collector with components to be tried behind the processor: $OTELCOL_DOWNSTREAM, else
// ../bin/otelcol-downstream.
func OtelcolDownstream(t testing.TB) string {
	t.Helper()
	return binary(t, "OTELCOL_DOWNSTREAM", "otelcol-downstream", "make bin/otelcol-downstream")
}

// Telemetrygen returns the path of telemetrygen: $TELEMETRYGEN, else ../bin/telemetrygen.
func Telemetrygen(t testing.TB) string {
	t.Helper()
	return binary(t, "TELEMETRYGEN", "telemetrygen", "make bin/telemetrygen")
}

// Axe returns the path of axe-core, which checks the accessibility of a page: $AXE, else ../bin/axe.min.js.
func Axe(t testing.TB) string {
	t.Helper()
	return binary(t, "AXE", "axe.min.js", "make axe")
}

func binary(t testing.TB, variable, name, remedy string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		path = filepath.Join("..", "bin", name)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("there is no %s at %s: run %q at the root of the repository, or set %s to an absolute path",
			name, path, remedy, variable)
	}
	return path
}
