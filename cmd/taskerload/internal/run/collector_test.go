// SPDX-License-Identifier: Apache-2.0

package run

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACollectorThatEndsBeforeItListensIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	c, err := startCollector("sh", []string{"-c", "echo no such key; exit 3"}, nil, filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	err = c.awaitListening(t.Context(), "127.0.0.1:1")
	require.ErrorContains(t, err, "exit status 3")
	require.NoError(t, c.Stop(stopTimeout))
	assert.Equal(t, "no such key", c.logTail(5))
}

func TestTheEndOfTheLogIsShown(t *testing.T) {
	t.Parallel()
	c, err := startCollector("seq", []string{"1", "1000"}, nil, filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	<-c.Done()
	assert.Equal(t, "999\n1000", c.logTail(2))
}

func TestAMissingProgramIsAnError(t *testing.T) {
	t.Parallel()
	_, err := startCollector("./no-such-collector", nil, nil, filepath.Join(t.TempDir(), "log"))
	assert.ErrorContains(t, err, "no-such-collector")
}
