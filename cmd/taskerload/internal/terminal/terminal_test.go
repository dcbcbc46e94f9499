// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// open opens the master of a pseudo-terminal.
func open(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestOnlyATerminalHasColours(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	file, err := os.Create(filepath.Join(t.TempDir(), "output"))
	require.NoError(t, err)
	defer func() { _ = file.Close() }()

	assert.Equal(t, Coloured, StyleOf(open(t)))
	assert.Equal(t, Plain, StyleOf(file))
	assert.Equal(t, Plain, StyleOf(&bytes.Buffer{}))
}

func TestATerminalCanDoWithoutColours(t *testing.T) {
	for _, variable := range []struct{ name, value string }{{"NO_COLOR", "1"}, {"TERM", "dumb"}} {
		t.Run(variable.name, func(t *testing.T) {
			t.Setenv("NO_COLOR", "")
			t.Setenv("TERM", "xterm")
			t.Setenv(variable.name, variable.value)
			assert.Equal(t, Plain, StyleOf(open(t)))
		})
	}
}

func TestPlainTextIsNotChanged(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "PASS", Plain.Green("PASS"))
	assert.Equal(t, "\x1b[32mPASS\x1b[0m", Coloured.Green("PASS"))
	assert.Equal(t, "\x1b[31mFAIL\x1b[0m", Coloured.Red("FAIL"))
	assert.Empty(t, Coloured.Dim(""), "nothing has no colour")
}
