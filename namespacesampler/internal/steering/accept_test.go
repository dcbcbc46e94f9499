// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

func TestARowThatMakesNoSenseIsRejectedWithTheReason(t *testing.T) {
	t.Parallel()
	for reason, row := range map[string]rate.Override{
		"namespace must not be empty or NULL":                              {Signal: rate.All},
		"namespace must be at most 1024 bytes":                             {Key: strings.Repeat("x", 1025), Signal: rate.All},
		"namespace must be valid UTF-8":                                    {Key: "caf\xe9", Signal: rate.All},
		"signal must be valid UTF-8":                                       {Key: "a", Signal: "trac\xe9s"},
		`"unknown" counts as absent`:                                       {Key: "unknown", Signal: rate.All},
		`signal must be all, traces or metrics, got "logs"`:                {Key: "a", Signal: "logs"},
		"sample_rate must be between 0 and 1, got NaN or NULL":             {Key: "a", Signal: rate.All, Probability: math.NaN()},
		"sample rate must be between 0 and 1, got 50 (for 50 % write 0.5)": {Key: "a", Signal: rate.All, Probability: 50},
		"a pattern must be at most 256 bytes":                              {Key: strings.Repeat("*", 257), Signal: rate.All},
	} {
		good, bad := accept([]rate.Override{row, {Key: "fine", Signal: rate.Traces, Probability: 1}}, []string{"unknown"})
		require.Len(t, bad, 1, reason)
		assert.Contains(t, bad[0].Reason, reason)
		assert.True(t, utf8.ValidString(bad[0].Namespace+bad[0].Signal+bad[0].Reason))
		require.Len(t, good, 1)
		assert.Equal(t, "fine", good[0].Key)
	}
}

func TestPatternsAndRowsAreBounded(t *testing.T) {
	t.Parallel()
	rows := make([]rate.Override, postgres.MaxRows+1)
	for i := range rows {
		rows[i] = rate.Override{Key: strconv.Itoa(i), Signal: rate.All}
		if i < rate.MaxPatterns+1 {
			rows[i].Key += "*"
		}
	}
	good, bad := accept(rows, nil)
	assert.Len(t, good, postgres.MaxRows-1)
	require.Len(t, bad, 2)
	assert.Contains(t, bad[0].Reason, "more than 1000 patterns")
	assert.Contains(t, bad[1].Reason, "more than 10000 rows")
}
