// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
)

func TestInstancesOfAConfigurationShareAnEngine(t *testing.T) { // C2
	engines := newEngines()
	set := processortest.NewNopSettings(metadata.Type)
	cfg, other := createDefaultConfig().(*Config), createDefaultConfig().(*Config)

	a, err := engines.acquire(set, cfg)
	require.NoError(t, err)
	b, err := engines.acquire(set, cfg)
	require.NoError(t, err)
	c, err := engines.acquire(set, other)
	require.NoError(t, err)
	assert.Same(t, a.engine, b.engine)
	assert.NotSame(t, a.engine, c.engine)

	require.NoError(t, a.shutdown(t.Context()))
	require.NoError(t, a.shutdown(t.Context()), "C3: a second shutdown does nothing")
	assert.Len(t, engines.inUse, 2, "b still uses the first")
	require.NoError(t, b.shutdown(t.Context()))
	require.NoError(t, c.shutdown(t.Context()))
	assert.Empty(t, engines.inUse)
}

func TestAFailedStartIsReportedToEveryInstance(t *testing.T) { // C2
	cfg := createDefaultConfig().(*Config)
	cfg.Postgres.GetOrInsertDefault().DSN = "postgres://localhost:not-a-port/x" // Validate would refuse it
	engines := newEngines()
	set := processortest.NewNopSettings(metadata.Type)
	for range 2 {
		l, err := engines.acquire(set, cfg)
		require.NoError(t, err)
		require.ErrorContains(t, l.start(t.Context(), componenttest.NewNopHost()), "postgres::dsn")
		defer func() { require.NoError(t, l.shutdown(context.Background())) }()
	}
}
