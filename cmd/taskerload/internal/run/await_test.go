// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
)

func TestAnEndpointThatAcceptsNoConnectionsIsNamed(t *testing.T) {
	t.Parallel()
	err := awaitReachable(t.Context(), "127.0.0.1:1", time.Second)
	require.ErrorContains(t, err, "127.0.0.1:1")
	require.ErrorContains(t, err, "connection refused")
}

// ledgerAt is a ledger whose progress depends on the time since the start.
type ledgerAt func(elapsed time.Duration) ledger.Progress

type timedLedger struct {
	start    time.Time
	progress ledgerAt
}

func (l timedLedger) Progress() ledger.Progress { return l.progress(time.Since(l.start)) }

func TestSilenceIsShorterIfNothingIsMissing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		progress   ledgerAt
		last, took time.Duration
	}{
		"nothing is missing": {
			func(time.Duration) ledger.Progress { return ledger.Progress{Arrived: 5} },
			0, time.Second,
		},
		"an item is missing": {
			func(time.Duration) ledger.Progress { return ledger.Progress{Arrived: 4, Outstanding: 1} },
			0, 10 * time.Second,
		},
		"the last item is late": {
			func(elapsed time.Duration) ledger.Progress {
				if elapsed < 8*time.Second {
					return ledger.Progress{Arrived: 4, Outstanding: 1}
				}
				return ledger.Progress{Arrived: 5}
			},
			8 * time.Second, 9 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				last, err := awaitSilence(t.Context(), 10*time.Second, timedLedger{start, test.progress})
				require.NoError(t, err)
				assert.Equal(t, test.last, last.Sub(start))
				assert.Equal(t, test.took, time.Since(start))
			})
		})
	}
}

func TestWaitingForSilenceEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		missing := func(time.Duration) ledger.Progress { return ledger.Progress{Outstanding: 1} }
		_, err := awaitSilence(ctx, time.Minute, timedLedger{time.Now(), missing})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
