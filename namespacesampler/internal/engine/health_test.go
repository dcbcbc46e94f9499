// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/statustest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/steering"
)

func newTestHealth(core zapcore.Core) *health {
	return newHealth(zap.New(core), outage{}, func() int64 { return 0 })
}

func TestStatusAndLogReportChangesOnly(t *testing.T) { // C7, C8
	core, logs := observer.New(zapcore.InfoLevel)
	h := newTestHealth(core)
	first, second := &statustest.Host{}, &statustest.Host{}
	h.addHost(first)
	h.addHost(second)
	for _, err := range []error{
		nil, errors.New("down"), errors.New("down"), context.Canceled, nil, nil, errors.New("down"),
	} {
		h.lookedUp(err)
	}
	want := []componentstatus.Status{
		componentstatus.StatusRecoverableError, componentstatus.StatusOK, componentstatus.StatusRecoverableError,
	}
	assert.Equal(t, want, first.Statuses())
	assert.Equal(t, want, second.Statuses(), "C2: the status of every instance")
	assert.Equal(t, 3, logs.Len())
}

// Requests that are not lookups count for whether Postgres is reachable, but are neither logged nor reported as a status.
func TestOtherRequestsAreNotReported(t *testing.T) {
	core, logs := observer.New(zapcore.DebugLevel)
	h, host := newTestHealth(core), &statustest.Host{}
	h.addHost(host)
	assert.Equal(t, &inspect.PostgresState{}, h.state(), "no request yet")

	h.asked(errors.New("down"))
	assert.False(t, *h.state().Reachable)
	assert.NotNil(t, h.state().Since)
	h.asked(nil)
	assert.True(t, *h.state().Reachable)
	assert.Empty(t, host.Statuses())
	assert.Zero(t, logs.Len())
}

func TestTheBreakerIsLoggedOnceInAnOutage(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	h := newTestHealth(core)
	host := &statustest.Host{}
	h.addHost(host)
	h.lookedUp(errors.New("down"))
	for _, state := range []namespace.BreakerState{
		namespace.Open, namespace.HalfOpen, namespace.Open, namespace.HalfOpen, namespace.Closed,
	} {
		h.breakerChanged(state)
	}
	h.lookedUp(nil)
	assert.Equal(t, 4, logs.Len())
	assert.Equal(t, []zapcore.Level{zap.WarnLevel, zap.WarnLevel, zap.InfoLevel, zap.InfoLevel}, levels(logs))
	assert.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusOK}, host.Statuses())
}

func TestAFlappingDatabaseDoesNotFloodTheLog(t *testing.T) { // C8
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		h := newTestHealth(core)
		for range 100 {
			h.lookedUp(errors.New("down"))
			h.lookedUp(nil)
		}
		assert.Equal(t, 2*maxRepeats, logs.Len())
		time.Sleep(repeatInterval)
		h.lookedUp(errors.New("down"))
		assert.Equal(t, 2*maxRepeats+1, logs.Len())
	})
}

func levels(logs *observer.ObservedLogs) (levels []zapcore.Level) {
	for _, entry := range logs.All() {
		levels = append(levels, entry.Level)
	}
	return levels
}

func TestTheEndOfAnOutageTellsHowLongItWasAndWhatCouldNotBeLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		var unavailable int64
		h := newHealth(zap.New(core), outage{}, func() int64 { return unavailable })
		unavailable = 1_000 // of an earlier outage, or answered too late
		h.lookedUp(nil)
		for outage := range 2 {
			unavailable += 5 // while the first lookup that fails is waited for
			h.lookedUp(errors.New("down"))
			assert.True(t, h.isOutage())
			time.Sleep(90 * time.Second)
			h.lookedUp(errors.New("still down"))
			time.Sleep(500 * time.Millisecond)
			unavailable += 37
			h.lookedUp(nil)
			assert.False(t, h.isOutage())
			ends := logs.FilterMessage("Postgres answers again").All()
			require.Len(t, ends, outage+1)
			assert.Equal(t, map[string]any{"after_seconds": 90.5, "unavailable_keys": int64(42)}, ends[outage].ContextMap())
		}
	})
}

func TestTheBeginningOfAnOutageTellsWhatHappensMeanwhileOfWhatIsUsed(t *testing.T) {
	t.Parallel()
	all := Config{
		OnFailure: batch.Drop, ConsistentBy: []string{"correlation_id"},
		Postgres: &PostgresConfig{Overrides: &steering.OverridesConfig{}, Fleet: &steering.FleetConfig{}},
	}
	core, logs := observer.New(zap.InfoLevel)
	newHealth(zap.New(core), all.outage(), func() int64 { return 0 }).lookedUp(errors.New("down"))
	require.Equal(t, 1, logs.Len())
	assert.Equal(t, []any{
		"items whose namespace is not known are all dropped (postgres::on_failure)",
		"items whose group is not known are decided without it, so that workflows may be kept in part (consistent_by)",
		"runtime overrides stay as they were read last, and still end on time",
		"budgets are not shared: their rates stay, and are lowered where more arrives at this collector",
	}, logs.All()[0].ContextMap()["meanwhile"])
	few := Config{OnFailure: batch.Keep, Postgres: &PostgresConfig{}}
	assert.Equal(t, []string{"items whose namespace is not known are all kept (postgres::on_failure)"}, few.outage().meanwhile)
	assert.Empty(t, new(Config).outage().meanwhile, "without Postgres")
}
