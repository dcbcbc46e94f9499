// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// endingContext ends when it has been asked a number of times whether it has.
type endingContext struct {
	context.Context
	asked, after int
}

func (c *endingContext) Err() error {
	if c.asked++; c.asked > c.after {
		return context.Canceled
	}
	return nil
}

func (w *warned) onGlobalRate() [3]int64 {
	w.t.Helper()
	counts, ok := w.registry.OnGlobalRate()
	assert.True(w.t, ok)
	return [3]int64{counts[rate.Traces], counts[rate.Metrics], counts[rate.Logs]}
}

func TestNamespacesOnTheGlobalRateFollowOverridesNamesAndTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWarnings(t)
		_, ok := w.registry.OnGlobalRate()
		assert.False(t, ok)
		w.register()
		assert.Equal(t, [3]int64{0, 0, 0}, w.onGlobalRate(), "none is registered")
		w.register("orders", "payments", "payroll")
		assert.Equal(t, [3]int64{3, 3, 3}, w.onGlobalRate())

		end := time.Now().Add(time.Minute)
		w.rates.setRuntime([]rate.Override{runtimeOverride(rate.Traces, "pay*", 0.5, end), runtimeOverride(rate.All, "orders", 0.5, time.Time{})})
		synctest.Wait()
		assert.Equal(t, [3]int64{0, 2, 2}, w.onGlobalRate())
		w.register("late", "orders", "payments", "payroll")
		assert.Equal(t, [3]int64{1, 3, 3}, w.onGlobalRate())
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, [3]int64{3, 3, 3}, w.onGlobalRate(), "an override has ended")
	})
}

// Metrics are collected under a lock that the processor needs to stop.
func TestCollectingMetricsMatchesNoNames(t *testing.T) {
	t.Parallel()
	rates, _ := startRates(t, RatesConfig{Global: 1})
	registry := newRegistryWatch(&Config{Registry: &RegistryConfig{}, Logger: zap.NewNop()})
	c := newComparison(rates, registry, zap.NewNop())
	rates.replaced, registry.read = c.wake, c.wake
	registry.succeeded([]string{"payments"})
	_, ok := registry.OnGlobalRate()
	assert.False(t, ok, "nothing was counted in the background")
	c.pass(t.Context())
	rates.setRuntime([]rate.Override{runtimeOverride(rate.All, "pay*", 0.5, time.Time{})})
	counts, ok := registry.OnGlobalRate()
	assert.True(t, ok)
	assert.Equal(t, int64(1), counts[rate.Traces], "as counted last")
	assert.Len(t, c.woken, 1)
	c.pass(t.Context())
	counts, _ = registry.OnGlobalRate()
	assert.Zero(t, counts[rate.Traces])
}

func TestAComparisonEndsAmidTheNames(t *testing.T) {
	t.Parallel()
	rates, _ := startRates(t, RatesConfig{Global: 1})
	c := newComparison(rates, newRegistryWatch(&Config{Registry: &RegistryConfig{}, Logger: zap.NewNop()}), zap.NewNop())
	overrides := []*rate.Override{{Key: "a*"}, {Key: "b?"}}
	const most = 7
	ctx := &endingContext{Context: t.Context(), after: most}
	_, ok := countOnGlobalRate(ctx, rates.InForce(), numbered(10_000))
	require.False(t, ok)
	assert.Equal(t, most+1, ctx.asked, "it is asked at each name")
	ctx = &endingContext{Context: t.Context(), after: most}
	_, ok = c.matchPatterns(ctx, overrides, numbered(10_000))
	require.False(t, ok)
	assert.Equal(t, most+1, ctx.asked)
	ctx = &endingContext{Context: t.Context(), after: 20_000}
	_, ok = c.matchPatterns(ctx, overrides, numbered(10_000))
	require.True(t, ok)
	assert.Equal(t, 10_000, ctx.asked, "names are passed over once, however many patterns there are")
	ctx = &endingContext{Context: t.Context(), after: 20_000}
	matches, ok := c.matchPatterns(ctx, []*rate.Override{{Key: "*0"}, {Key: "0*1"}}, numbered(10_000))
	require.True(t, ok)
	assert.Len(t, matches, 2)
	assert.Equal(t, 2, ctx.asked, "and no further than needed")
}
