// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"fmt"
	"slices"
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

// warned is a comparison of runtime overrides, without a database. It counts the searches for the nearest name.
type warned struct {
	*comparison
	t    *testing.T
	logs *observer.ObservedLogs

	mu       sync.Mutex
	searched []string
	compiled [][]string // by pass
}

func startWarnings(t *testing.T) *warned {
	t.Helper()
	rates, logs := startRates(t, RatesConfig{Global: 1})
	w := &warned{t: t, logs: logs}
	w.comparison = newComparison(rates, newRegistryWatch(&Config{Registry: &RegistryConfig{}, Logger: rates.logger}), rates.logger)
	rates.replaced = w.wake
	w.compile = func(patterns ...string) rate.Patterns {
		w.compiled = append(w.compiled, patterns)
		return rate.Compile(patterns...)
	}
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

func TestAPatternIsJudgedAgainOnlyWhenTheNameThatItMatchedIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWarnings(t)
		judged := func() (patterns [][]string) {
			patterns, w.compiled = w.compiled, nil
			return patterns
		}
		w.register("orders", "payments", "payroll")
		w.override("elsewhere*", "ord*", "orders", "pay*", "payments")
		assert.Equal(t, [][]string{{"elsewhere*", "ord*", "pay*"}}, judged(), "all at once")
		keys, _ := w.take()
		assert.Equal(t, []string{"elsewhere*"}, keys)

		w.rates.setRuntime([]rate.Override{
			runtimeOverride(rate.All, "elsewhere*", 1, time.Time{}), runtimeOverride(rate.All, "ord*", 1, time.Time{}),
			runtimeOverride(rate.All, "pay*", 1, time.Time{}),
		})
		synctest.Wait()
		for i := range 100 {
			w.register("orders", "payments", "payroll", fmt.Sprint("payroll", i))
		}
		w.override("elsewhere*", "ord*", "pay*")
		for _, patterns := range judged() {
			assert.Equal(t, []string{"elsewhere*"}, patterns, "neither rates nor further names make a difference to those that match one")
		}

		gone := w.verdicts["pay*"].match
		w.register(slices.DeleteFunc([]string{"orders", "payments", "payroll"}, func(name string) bool { return name == gone })...)
		assert.Equal(t, [][]string{{"pay*"}}, judged())
		w.override("elsewhere*", "new*", "ord*", "pay*")
		assert.Equal(t, [][]string{{"new*"}}, judged())
		keys, _ = w.take()
		assert.Equal(t, []string{"new*"}, keys)
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
