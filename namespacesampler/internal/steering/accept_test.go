// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"errors"
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
		"namespace must be at most 1024 bytes":                             {Key: strings.Repeat("x", 1025), Signal: rate.All},
		"namespace must be valid UTF-8":                                    {Key: "caf\xe9", Signal: rate.All},
		"signal must be valid UTF-8":                                       {Key: "a", Signal: "trac\xe9s"},
		`"unknown" counts as absent`:                                       {Key: "unknown", Signal: rate.All},
		`signal must be all, traces, metrics or logs, got "log"`:           {Key: "a", Signal: "log"},
		"sample_rate must be between 0 and 1, got NaN":                     {Key: "a", Signal: rate.All, Probability: math.NaN()},
		"sample rate must be between 0 and 1, got 50 (for 50 % write 0.5)": {Key: "a", Signal: rate.All, Probability: 50},
		"a pattern must be at most 256 bytes":                              {Key: strings.Repeat("*", 257), Signal: rate.All},
	} {
		good, bad := accept(rows(row, rate.Override{Key: "fine", Signal: rate.Traces, Probability: 1}), []string{"", "unknown"}, 4)
		require.Len(t, bad, 1, reason)
		assert.Contains(t, bad[0].Reason, reason)
		assert.True(t, utf8.ValidString(bad[0].Namespace+bad[0].Signal+bad[0].Reason))
		require.Len(t, good, 1)
		assert.Equal(t, "fine", good[0].Key)
	}
}

// rows returns rows of the table as they are read.
func rows(overrides ...rate.Override) []postgres.OverrideRow {
	rows := make([]postgres.OverrideRow, len(overrides))
	for i, o := range overrides {
		rows[i].Override = o
	}
	return rows
}

func TestARowWhoseRateIsNoNumberIsRejectedWithTheReason(t *testing.T) {
	t.Parallel()
	table := rows(rate.Override{Key: "bad", Signal: rate.All, Probability: math.NaN()}, rate.Override{Key: "fine", Signal: rate.All})
	table[0].NumberError = errors.New(`sample_rate must be a number between 0 and 1, got "abc"`)
	good, bad := accept(table, nil, 4)
	assert.Len(t, good, 1)
	assert.Equal(t, []Rejected{{"bad", "all", `sample_rate must be a number between 0 and 1, got "abc"`}}, bad)
}

func TestTheEmptyNamespaceIsValidAndNULLIsNot(t *testing.T) {
	t.Parallel()
	table := append(rows(rate.Override{Signal: rate.All, Probability: 1}),
		postgres.OverrideRow{Override: rate.Override{Signal: rate.All, Probability: 1}, LacksNamespace: true})
	good, bad := accept(table, []string{"", "unknown"}, 4)
	assert.Equal(t, []rate.Override{{Signal: rate.All, Probability: 1}}, good)
	require.Len(t, bad, 1)
	assert.Contains(t, bad[0].Reason, "namespace must not be NULL")
}

// Chance must not decide which of them applies.
func TestRowsForTheSameNamespaceAndSignalAreAllRejected(t *testing.T) {
	t.Parallel()
	good, bad := accept(rows(
		rate.Override{Key: "a", Signal: rate.All, Probability: 1}, rate.Override{Key: "a", Signal: rate.All, Probability: 0.5},
		rate.Override{Key: "a", Signal: rate.Traces, Probability: 1}, rate.Override{Key: "b", Signal: rate.All, Probability: 1},
	), nil, 4)
	assert.Len(t, good, 2)
	require.Len(t, bad, 2)
	for _, r := range bad {
		assert.Equal(t, Rejected{"a", "all", "the table has several rows for this namespace and signal; none of them applies"}, r)
	}
}

func TestPatternsAndRowsAreBounded(t *testing.T) {
	t.Parallel()
	overrides := make([]rate.Override, postgres.MaxRows+1)
	for i := range overrides {
		overrides[i] = rate.Override{Key: strconv.Itoa(i), Signal: rate.All}
		if i < rate.MaxPatterns+1 {
			overrides[i].Key += "*"
		}
	}
	good, bad := accept(rows(overrides...), nil, 4)
	assert.Len(t, good, postgres.MaxRows-1)
	require.Len(t, bad, 2)
	assert.Contains(t, bad[0].Reason, "more than 1000 patterns")
	assert.Contains(t, bad[1].Reason, "more than 10000 rows")
}
