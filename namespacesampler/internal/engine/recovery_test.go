// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// TestRecoveryIsNoticedWithEveryKeyCached: the status and the log tell of a restart of Postgres, though no telemetry asks for anything
// (C7), after a failure that leaves the breaker closed and after one that opens it.
func TestRecoveryIsNoticedWithEveryKeyCached(t *testing.T) {
	for name, failures := range map[string]int{"breaker closed": 5, "breaker open": 1} {
		t.Run(name, func(t *testing.T) {
			database := samplertest.NewDatabase(t, 1)
			s := samplertest.Start(t, samplertest.WithPostgres(database.DSN, map[string]any{
				"circuit_breaker": map[string]any{"failures": failures, "cooldown": "20ms"},
			}, nil))
			consume := func(task int) {
				s.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{Attributes: map[string]any{"task_uuid": samplertest.TaskID(task)}}))
			}
			consume(0)
			require.NoError(t, database.Cluster.Crash())
			consume(1)
			const instances = 3 // one for each signal
			down := slices.Repeat([]componentstatus.Status{componentstatus.StatusRecoverableError}, instances)
			assert.Equal(t, down, s.Host.Statuses(), "C2")
			roundTrips := s.Counts("lookup_round_trips")[""]

			require.NoError(t, database.Cluster.Restart(t.Context()))
			require.Eventually(t, func() bool {
				consume(0)
				return len(s.Host.Statuses()) > len(down)
			}, 30*time.Second, time.Millisecond)
			again := append(down, slices.Repeat([]componentstatus.Status{componentstatus.StatusOK}, instances)...)
			require.Eventually(t, func() bool { return len(s.Host.Statuses()) == len(again) }, 30*time.Second, time.Millisecond)
			assert.Equal(t, again, s.Host.Statuses())
			assert.Equal(t, 1, s.LogCount("Postgres answers again"))
			assert.Equal(t, 1, s.Logs.FilterMessageSnippet("cannot be asked").Len())
			require.Eventually(t, func() bool { return breakerState(t, s) == 0 }, 30*time.Second, time.Millisecond)
			assert.Equal(t, roundTrips+1, s.Counts("lookup_round_trips")[""], "one probe was answered, and no other was made")
		})
	}
}
