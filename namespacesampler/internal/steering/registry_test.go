// SPDX-License-Identifier: Apache-2.0

//go:build unix

package steering

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

const namesNone = "an override names no registered namespace"

func shared(key string, probability float64) rate.Override {
	return rate.Override{Key: key, Signal: rate.All, Source: rate.SharedOverride, Probability: probability}
}

func TestAnOverrideThatMatchesNoRegisteredNamespaceIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.register("payments", "orders", "analytics", "rust_linear")
	s := d.steer(options{noOverrides: true, registryInterval: 5 * time.Millisecond, rates: RatesConfig{Global: 1, Overrides: []rate.Override{
		shared("paymnets", 1), shared("orders", 0.5), shared("rust_*", 0.5), shared("elsewhere", 1),
		{Key: "analytics", Signal: rate.Metrics, Source: rate.SignalOverride, Probability: 0.5},
	}}})
	read := func() time.Time { return s.Registry.State().ReadAt }
	eventually(t, func() bool { return s.logged(namesNone) == 2 }, "the registry is read")
	first := read()
	eventually(t, func() bool { return read().After(first) }, "and again")

	warned := s.logs.FilterMessage(namesNone).All()
	require.Len(t, warned, 2, "once for each")
	suggested := map[any]any{}
	for _, entry := range warned {
		suggested[entry.ContextMap()["namespace"]] = entry.ContextMap()["did_you_mean"]
	}
	assert.Equal(t, map[any]any{"paymnets": "payments", "elsewhere": nil}, suggested)
	counts, ok := s.Registry.OnGlobalRate()
	assert.True(t, ok, "counted before the warnings")
	assert.Equal(t, map[rate.Signal]int64{rate.Traces: 2, rate.Metrics: 1, rate.Logs: 2}, counts)

	d.register("late")
	eventually(t, func() bool { return len(s.Registry.State().Names) == 5 }, "another is registered")
	second := read()
	eventually(t, func() bool { return read().After(second) }, "and read again")
	assert.Equal(t, 2, s.logged(namesNone), "not again")
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.Equal(t, []string{"analytics", "late", "orders", "payments", "rust_linear"}, s.registered)
}

func TestRuntimeOverridesThatMatchNoRegisteredNamespaceAreWarnedOf(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.register("payments", "orders")
	s := d.steer(options{registryInterval: time.Hour, rates: RatesConfig{Global: 1}})
	s.awaitListening()
	eventually(t, func() bool { return !s.Registry.State().ReadAt.IsZero() }, "the registry is read")
	d.exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, updated_by) VALUES
		('paymnets', 1, 'alice'), ('pay*', 0.5, 'bob'), ('ordres*', 0.5, 'bob')`)
	eventually(t, func() bool { return s.logged(namesNone) == 2 }, "two of them match none")
	warned := map[any]any{}
	for _, entry := range s.logs.FilterMessage(namesNone).All() {
		warned[entry.ContextMap()["namespace"]] = []any{entry.ContextMap()["did_you_mean"], entry.ContextMap()["updated_by"]}
	}
	assert.Equal(t, map[any]any{"paymnets": []any{"payments", "alice"}, "ordres*": []any{nil, "bob"}}, warned)
	d.exec(`UPDATE namespace_sampling_overrides SET sample_rate = 0.1`)
	eventually(t, func() bool { return s.spanRate("paymnets").Probability == 0.1 }, "they have changed")
	assert.Equal(t, 2, s.logged(namesNone), "once for each")
}

func TestAnOverrideOfItemsWithoutANamespaceIsNotWarnedOf(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.register("payments")
	s := d.steer(options{noOverrides: true, registryInterval: 5 * time.Millisecond, rates: RatesConfig{
		Global: 1, Overrides: []rate.Override{shared("", 1), shared("paymnets", 1)},
	}})
	eventually(t, func() bool { return s.logged(namesNone) > 0 }, "another is warned of")
	warned := s.logs.FilterMessage(namesNone).All()
	require.Len(t, warned, 1)
	assert.Equal(t, "paymnets", warned[0].ContextMap()["namespace"])
}

func TestWithoutRegisteredNamespacesThereIsNothingToWarnOf(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	s := d.steer(options{noOverrides: true, registryInterval: 5 * time.Millisecond, rates: RatesConfig{Overrides: []rate.Override{shared("paymnets", 1)}}})
	_, ok := s.Registry.OnGlobalRate()
	if ok {
		require.False(t, s.Registry.State().ReadAt.IsZero(), "unknown before the first read")
	}
	eventually(t, func() bool {
		_, ok := s.Registry.OnGlobalRate()
		return ok
	}, "the registry is read and compared")
	assert.Zero(t, s.logged(namesNone))
	d.exec(`ALTER TABLE tasker.task_namespaces RENAME TO gone`)
	const unreadable = "registered namespaces cannot be read; overrides are compared with those that were read last"
	eventually(t, func() bool { return s.logged(unreadable) == 1 }, "a refusal is logged")
	require.Error(t, s.Registry.State().Err)
	d.exec(`ALTER TABLE tasker.gone RENAME TO task_namespaces`)
	eventually(t, func() bool { return s.logged("registered namespaces can be read again") == 1 }, "and its end")
	assert.Equal(t, 1, s.logged(unreadable), "once")
}

// No override is in force, and the registered namespaces are read once: only the skipped rows have changed.
func TestNamespacesOfRowsThatAreSkippedLaterAreShown(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.register("payments", "orders")
	d.exec(`ALTER TABLE namespace_sampling_overrides DROP CONSTRAINT sample_rate_is_between_0_and_1`)
	s := d.steer(options{registryInterval: time.Hour, rates: RatesConfig{Global: 1}})
	s.awaitListening()
	eventually(t, func() bool { return s.Unmatched() != nil }, "compared")
	assert.Empty(t, s.Unmatched())
	shows := func(name, near string) {
		t.Helper()
		eventually(t, func() bool { return maps.Equal(map[string]string{name: near}, s.Unmatched()) }, "shown")
	}
	d.exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('paymnets', 50)`)
	shows("paymnets", "payments")
	d.exec(`UPDATE namespace_sampling_overrides SET namespace = 'odrers'`)
	shows("odrers", "orders")
	assert.Zero(t, s.logged(namesNone), "the rows are logged for their rates")
	d.exec(`UPDATE namespace_sampling_overrides SET sample_rate = 0.5`)
	eventually(t, func() bool { return s.logged(namesNone) == 1 }, "in force")
	shows("odrers", "orders")
}
