// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/spelling"
)

// warned is warnings of runtime overrides, without a database. It counts the searches for the nearest name.
type warned struct {
	*warnings
	t    *testing.T
	logs *observer.ObservedLogs

	mu       sync.Mutex
	searched []string
}

func startWarnings(t *testing.T) *warned {
	t.Helper()
	rates, logs := startRates(t, RatesConfig{Global: 1})
	w := &warned{t: t, logs: logs}
	w.warnings = newWarnings(rates, newRegistryWatch(&Config{Registry: &RegistryConfig{}, Logger: rates.logger}, rates), rates.logger)
	w.nearest = func(ctx context.Context, name string, names []string) (string, bool) {
		w.mu.Lock()
		w.searched = append(w.searched, name)
		w.mu.Unlock()
		return spelling.Nearest(ctx, name, names)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() { w.run(ctx) })
	t.Cleanup(func() {
		cancel()
		ended.Wait()
	})
	return w
}

func (w *warned) register(names ...string) {
	w.registry.succeeded(names)
	w.wake()
	synctest.Wait()
}

func (w *warned) override(keys ...string) {
	overrides := make([]rate.Override, len(keys))
	for i, key := range keys {
		overrides[i] = runtimeOverride(rate.All, key, 0.5, time.Time{})
	}
	w.rates.setRuntime(overrides)
	w.wake()
	synctest.Wait()
}

// take returns the keys that were warned of and those whose nearest name was searched, since it was last called.
func (w *warned) take() (keys, searched []string) {
	for _, entry := range w.logs.FilterMessage(namesNone).All() {
		keys = append(keys, entry.ContextMap()["namespace"].(string))
	}
	w.logs.TakeAll()
	searched, w.searched = w.searched, nil
	return keys, searched
}

func numbered(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%056d", i)
	}
	return keys
}

func TestWarningsOfOnePassAndTheirSearchesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWarnings(t)
		w.register("orders", "payments")
		w.override(numbered(10_000)...)
		more := w.logs.FilterMessage("more overrides name no registered namespace").All()
		require.Len(t, more, 1)
		assert.Equal(t, int64(10_000-maxWarningsLogged), more[0].ContextMap()["overrides"])
		keys, searched := w.take()
		assert.Len(t, keys, maxWarningsLogged)
		assert.Equal(t, keys, searched, "only for those that are logged")

		w.override(append(numbered(10_000), "paymnets")...)
		w.register("orders", "payments", "payroll")
		w.override(append(numbered(9_000), "paymnets")...)
		keys, searched = w.take()
		assert.Equal(t, []string{"paymnets"}, keys, "the others were judged before")
		assert.Equal(t, keys, searched)
	})
}

func TestAnOverrideIsJudgedAgainIfTheRegisteredNamesHaveChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWarnings(t)
		w.override("payments", "pay*", "elsewhere", "")
		keys, _ := w.take()
		assert.Empty(t, keys, "nothing is registered")
		w.register("orders", "payments")
		keys, searched := w.take()
		assert.Equal(t, []string{"elsewhere"}, keys)
		assert.Equal(t, keys, searched)

		w.override("payments", "pay*", "elsewhere")
		w.override("payments", "pay*", "elsewhere", "payments2", "??")
		keys, searched = w.take()
		assert.Equal(t, []string{"??", "payments2"}, keys)
		assert.Equal(t, []string{"payments2"}, searched, "a pattern is no misspelt name")

		w.register("orders", "payments2")
		keys, _ = w.take()
		assert.Equal(t, []string{"payments"}, keys, "pay* matches another name now")
		w.override("elsewhere")
		w.override("elsewhere", "payments")
		keys, _ = w.take()
		assert.Equal(t, []string{"payments"}, keys, "it is in force anew")
	})
}

func TestJudgedOverridesAreNotJudgedAgainWithoutAChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWarnings(t)
		w.register("orders", "payments")
		w.override("orders", "elsewhere")
		w.warned["orders"] = true // as if it had been judged otherwise
		w.override("orders", "elsewhere", "payments")
		w.register("orders", "payments")
		assert.True(t, w.warned["orders"])
		assert.False(t, w.warned["payments"])
		delete(w.warned, "payments")
		w.register("orders", "payments")
		assert.NotContains(t, w.warned, "payments", "neither tables nor names have changed")
	})
}

// The reads that cause warnings do not wait for them, and what is read while a pass goes on causes one more.
func TestWakingDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWarnings(t)
		goOn := make(chan struct{})
		search := w.nearest
		w.nearest = func(ctx context.Context, name string, names []string) (string, bool) {
			<-goOn
			return search(ctx, name, names)
		}
		w.register("orders")
		w.override("ordres")
		w.override("ordres", "odrers")
		w.override("ordres", "odrers", "oders")
		keys, _ := w.take()
		assert.Empty(t, keys)
		close(goOn)
		synctest.Wait()
		keys, searched := w.take()
		assert.Equal(t, []string{"ordres", "oders", "odrers"}, keys)
		assert.Equal(t, keys, searched, "once for each")
	})
}
