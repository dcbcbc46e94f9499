// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"
)

// The test binary also plays the programs that tests start: a collector, and a parent that gets killed.
const roleVariable = "TASKERLOAD_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "collector":
		os.Exit(collectorMain())
	case "parent":
		os.Exit(parentMain())
	}
	goleak.VerifyTestMain(m)
}

func TestEveryCommandExplainsItself(t *testing.T) {
	for _, test := range []struct {
		args []string
		says []string
	}{
		{[]string{"--help"}, []string{"taskerload demo", "taskerload seed", "taskerload run"}},
		{[]string{"help"}, []string{"taskerload demo"}},
		{[]string{"seed", "--help"}, []string{"taskerload seed --dsn", "-layout", "-tasks", "-seed"}},
		{[]string{"run", "--help"}, []string{"taskerload run --endpoint", "-listen", "-config", "-metrics-url", "-spans", "-timeout", "-cut"}},
		{[]string{"demo", "-h"}, []string{"taskerload demo --collector", "-config", "-datapoints", "-series"}},
	} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, exitOK, execute(t.Context(), test.args, &stdout, &stderr), test.args)
		for _, says := range test.says {
			assert.Contains(t, stdout.String(), says)
		}
		assert.Empty(t, stderr.String())
	}
}

func TestWrongUsageExitsWithTwoAndNamesTheFlag(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"no command":          {nil, "taskerload demo"},
		"no such command":     {[]string{"sed"}, `no command "sed"`},
		"no such flag":        {[]string{"run", "--spanz", "1"}, "spanz"},
		"stray argument":      {[]string{"seed", "--dsn", "x", "y"}, `"y"`},
		"seed without DSN":    {[]string{"seed"}, "--dsn"},
		"run without config":  {[]string{"run"}, "--config"},
		"no tasks":            {[]string{"demo", "--tasks", "0"}, "--tasks"},
		"more series than is": {[]string{"demo", "--tasks", "10", "--series", "1000"}, "--series"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, exitUsage, execute(t.Context(), test.args, &stdout, &stderr))
			assert.Contains(t, stderr.String(), test.says)
		})
	}
}

func TestAnErrorOnTheWayExitsWithOne(t *testing.T) {
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitFailed, execute(t.Context(), []string{"demo", "--config", "testdata/absent.yaml"}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "absent.yaml")
}
