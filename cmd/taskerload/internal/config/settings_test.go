// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSettingsLieOverTheFileAndLeaveTheRest(t *testing.T) {
	const file = `
processors:
  namespace_sampler/edge:
    sample_rate: 0.2
    namespaces: {payments: 1, orders: 0.5, gone: null}
    tracing: {mode: equalizing}
`
	c, err := parseConfig([]byte(file),
		setting{"tracing::sampler", traceIDRatio}, setting{"tracing::namespaces::orders", "0.3"}, setting{"sample_rate", "0.4"})
	require.NoError(t, err)
	assert.Equal(t, "namespace_sampler/edge", c.id)
	assert.Equal(t, traceIDRatio, c.sampler())
	assert.Equal(t, rates{global: 0.4, exact: map[string]float64{"payments": 1, "orders": 0.3}}, c.traceRates())
	assert.Equal(t, rates{global: 0.4, exact: map[string]float64{"payments": 1, "orders": 0.5}}, c.metricRates())
	assert.Equal(t, "--set=processors::namespace_sampler/edge::sample_rate=0.4", setting{"sample_rate", "0.4"}.argument(c.id))

	c, err = parseConfig([]byte(file))
	require.NoError(t, err)
	assert.Equal(t, parentBased, c.sampler())
	c, err = parseConfig([]byte(file), c.withRate(0.01)...)
	require.NoError(t, err)
	assert.Equal(t, rates{global: 0.01, exact: map[string]float64{"payments": 0.01, "orders": 0.01, idleNamespace: 1}}, c.traceRates())
	assert.InDelta(t, 0.2, c.metricRates().global, 0)

	_, err = parseConfig([]byte(file), setting{"sample_rate::orders", "1"})
	require.ErrorContains(t, err, "sample_rate is no mapping")
	_, err = parseConfig([]byte(file), setting{"sample_rate", "2"})
	require.ErrorContains(t, err, "must be 0 or between")
}
