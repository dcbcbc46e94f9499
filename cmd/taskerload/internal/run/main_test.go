// SPDX-License-Identifier: Apache-2.0

package run

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// The test binary also runs as the collector that the demo starts.
const collectorVariable = "TASKERLOAD_TEST_COLLECTOR"

func TestMain(m *testing.M) {
	switch os.Getenv(collectorVariable) {
	case "":
	case "ends":
		os.Exit(endingCollectorMain())
	default:
		os.Exit(collectorMain())
	}
	goleak.VerifyTestMain(m)
}
