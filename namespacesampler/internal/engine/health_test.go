// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/statustest"
)

func TestStatusAndLogReportChangesOnly(t *testing.T) { // C7, C8
	core, logs := observer.New(zapcore.InfoLevel)
	h := newHealth(zap.New(core))
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
	h, host := newHealth(zap.New(core)), &statustest.Host{}
	h.addHost(host)
	_, since := h.state()
	assert.True(t, since.IsZero(), "no request yet")

	h.asked(errors.New("down"))
	isReachable, since := h.state()
	assert.False(t, isReachable)
	assert.False(t, since.IsZero())
	h.asked(nil)
	isReachable, _ = h.state()
	assert.True(t, isReachable)
	assert.Empty(t, host.Statuses())
	assert.Zero(t, logs.Len())
}

func TestTheBreakerIsLoggedOnceInAnOutage(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	h := newHealth(zap.New(core))
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
	assert.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusOK}, host.Statuses())
}

func TestAFlappingDatabaseDoesNotFloodTheLog(t *testing.T) { // C8
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		h := newHealth(zap.New(core))
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
