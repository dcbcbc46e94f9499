// SPDX-License-Identifier: Apache-2.0

package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

func TestSettingsReplaceKeysOfTheFileAndKeepTheOthers(t *testing.T) {
	t.Parallel()
	const file = `
processors:
  namespace_sampler/edge:
    sample_rate: 0.2
    namespaces: {payments: 1, orders: 0.5, gone: null}
    tracing: {mode: equalizing}
`
	c, err := parse([]byte(file),
		Setting{"tracing::sampler", TraceIDRatio}, Setting{"tracing::namespaces::orders", "0.3"}, Setting{"sample_rate", "0.4"})
	require.NoError(t, err)
	assert.Equal(t, "namespace_sampler/edge", c.id)
	assert.Equal(t, TraceIDRatio, c.Sampler())
	assert.Equal(t, oracle.Rates{
		Global: 0.4, Exact: map[string]float64{"payments": 1, "orders": 0.3}, OwnExact: map[string]bool{"orders": true},
	}, c.spanRates())
	assert.Equal(t, oracle.Rates{
		Global: 0.4, Exact: map[string]float64{"payments": 1, "orders": 0.5}, OwnExact: map[string]bool{},
	}, c.pointRates())
	assert.Equal(t, "--set=processors::namespace_sampler/edge::sample_rate=0.4", c.Argument(Setting{"sample_rate", "0.4"}))

	c, err = parse([]byte(file))
	require.NoError(t, err)
	assert.Equal(t, ParentBased, c.Sampler())
	c, err = parse([]byte(file), c.WithSpanRate(0.01)...)
	require.NoError(t, err)
	assert.Equal(t, oracle.Rates{
		Global: 0.01, Exact: map[string]float64{"payments": 0.01, "orders": 0.01, absentNamespace: 1},
		OwnGlobal: true, OwnExact: map[string]bool{"payments": true, "orders": true, absentNamespace: true},
	}, c.spanRates())
	assert.InDelta(t, 0.2, c.pointRates().Global, 0)

	_, err = parse([]byte(file), Setting{"sample_rate::orders", "1"})
	require.ErrorContains(t, err, "sample_rate is not a mapping")
	_, err = parse([]byte(file), Setting{"sample_rate", "2"})
	require.ErrorContains(t, err, "must be 0 or between")
}
