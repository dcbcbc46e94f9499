// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

func (w *warned) shown() map[string]string { return (&Steering{comparison: w.comparison}).Unmatched() }

// skip has rows with these namespaces skipped.
func (w *warned) skip(names ...string) {
	rows := make([]Rejected, len(names))
	for i, name := range names {
		rows[i] = Rejected{name, "all", "sample_rate must be between 0 and 1, got NaN"}
	}
	w.skipped = func() []Rejected { return rows }
	w.wake()
	synctest.Wait()
}

func TestOverridesThatMatchNoRegisteredNamespaceAreShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWarnings(t)
		assert.Nil(t, (&Steering{}).Unmatched(), "registered namespaces are not read")
		w.override("payments", "paymnets", "pay*", "elsewhere", "nowhere*", "")
		assert.Nil(t, w.shown(), "they were not read yet")
		w.register()
		assert.Nil(t, w.shown(), "there is nothing to compare with")
		w.register("orders", "payments")
		assert.Equal(t, map[string]string{"paymnets": "payments", "elsewhere": "", "nowhere*": ""}, w.shown())

		w.register("elsewhere", "nowhere-1", "orders", "payments")
		assert.Equal(t, map[string]string{"paymnets": "payments"}, w.shown(), "the others are registered now")
		w.register("orders", "payments")
		assert.Equal(t, map[string]string{"paymnets": "payments", "elsewhere": "", "nowhere*": ""}, w.shown(), "and no longer")
		w.register("nowhere-1", "orders")
		w.register("nowhere-2", "orders", "payroll")
		assert.Equal(t, map[string]string{"payments": "", "paymnets": "", "elsewhere": ""}, w.shown(), "payments is gone, too")
		w.override("orders", "elsewhere")
		assert.Equal(t, map[string]string{"elsewhere": ""}, w.shown(), "the others are not in force")
		w.override("orders")
		assert.Equal(t, map[string]string{}, w.shown(), "all match")
		w.register()
		assert.Nil(t, w.shown())
	})
}

// A name may be registered while a pattern that matches it has lost the one that it matched.
func TestAPatternThatMatchesAnotherNameThanBeforeIsNotShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWarnings(t)
		w.register("orders")
		w.override("pay*")
		w.register("orders", "payments")
		w.register("orders", "payments", "payroll")
		assert.Empty(t, w.shown())
		matched := w.verdicts["pay*"].match
		w.register(slices.DeleteFunc([]string{"orders", "payments", "payroll"}, func(name string) bool { return name == matched })...)
		assert.Empty(t, w.shown())
		w.register("orders")
		assert.Equal(t, map[string]string{"pay*": ""}, w.shown())
		keys, _ := w.take()
		assert.Equal(t, []string{"pay*"}, keys, "it is logged once")
	})
}

func TestNamespacesOfSkippedRowsThatAreNotRegisteredAreShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWarnings(t)
		w.register("orders", "payments")
		w.skip("orders", "paymnets", "paymnets", "elsewhere", "pay*", "", "or\uFFFDders", strings.Repeat("x", 128))
		want := map[string]string{"paymnets": "payments", "elsewhere": ""}
		assert.Equal(t, want, w.shown())
		keys, searched := w.take()
		assert.Empty(t, keys, "they are not logged")
		assert.Equal(t, []string{"paymnets", "elsewhere"}, searched)

		w.register("orders", "payments", "payroll")
		assert.Equal(t, want, w.shown())
		w.skip("paymnets")
		assert.Equal(t, map[string]string{"paymnets": "payments"}, w.shown())
		_, searched = w.take()
		assert.Empty(t, searched, "once for each")

		w.skip()
		w.override("paymnets")
		assert.Equal(t, map[string]string{"paymnets": "payments"}, w.shown())
		keys, _ = w.take()
		assert.Equal(t, []string{"paymnets"}, keys, "now that it is in force")
	})
}

func TestTheSearchesForWhatIsShownAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWarnings(t)
		w.register("orders")
		misspelt := func(prefix string, n int) []string {
			names := make([]string, n)
			for i := range names {
				names[i] = fmt.Sprintf("orders%s%02d", prefix, i)
			}
			return names
		}
		w.nearest = func(_ context.Context, name string, _ []string) (string, bool) {
			w.searched = append(w.searched, name)
			return "orders", true
		}
		w.skipped = func() []Rejected {
			rows := make([]Rejected, 5_000)
			for i, name := range misspelt("b", len(rows)) {
				rows[i].Namespace = name
			}
			return rows
		}
		w.override(misspelt("a", maxWarningsLogged-5)...)
		_, searched := w.take()
		assert.Len(t, searched, maxWarningsLogged)
		shown := w.shown()
		assert.Len(t, shown, 5_000+maxWarningsLogged-5)
		near := slices.Sorted(maps.Keys(shown))
		near = slices.DeleteFunc(near, func(name string) bool { return shown[name] == "" })
		assert.Equal(t, append(misspelt("a", maxWarningsLogged-5), misspelt("b", 5)...), near)
	})
}

// Nobody waits for a search, and what was shown before is shown until it ends.
func TestWhatIsShownIsReplacedAsAWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWarnings(t)
		w.register("orders")
		w.override("elsewhere")
		before := w.shown()
		goOn, search := make(chan struct{}), w.nearest
		w.nearest = func(ctx context.Context, name string, names []string) (string, bool) {
			<-goOn
			return search(ctx, name, names)
		}
		w.override("odrers")
		assert.Equal(t, map[string]string{"elsewhere": ""}, w.shown())
		close(goOn)
		synctest.Wait()
		assert.Equal(t, map[string]string{"odrers": "orders"}, w.shown())
		assert.Equal(t, map[string]string{"elsewhere": ""}, before, "it is not modified")
	})
}
