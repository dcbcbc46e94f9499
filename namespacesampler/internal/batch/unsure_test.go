// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
)

// failingSource knows the keys that begin with "known", until it fails.
type failingSource struct{ err error }

func (s *failingSource) Lookup(_ context.Context, keys []namespace.Key, answers []namespace.Answer) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	for i, key := range keys {
		answers[i].Outcome = namespace.Unknown
		if strings.HasPrefix(key.String(), "known") {
			answers[i] = namespace.Answer{Name: "payments", Outcome: namespace.Resolved}
		}
	}
	return 1, nil
}

// An item whose second key is cached keeps its namespace when its first key, which is unknown, is due to be asked for again, and
// Postgres cannot be asked or does not answer in time. Otherwise it would change its rate again and again.
func TestAKeyThatWasUnknownIsPassedOverDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		builder, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
		require.NoError(t, err)
		source := &failingSource{}
		resolver, err := namespace.NewResolver(namespace.ResolverConfig{
			Cache: namespace.CacheConfig{MaxEntries: 10, TTL: time.Hour, NegativeTTL: 10 * time.Second},
			Wait:  200 * time.Millisecond, LoadTimeout: time.Second, MaxLoads: 1,
			Breaker: namespace.BreakerConfig{Failures: 5, Cooldown: time.Second},
		}, source)
		require.NoError(t, err)
		defer func() { require.NoError(t, resolver.Close(context.Background())) }()
		common := &Common{Problems: &problems.Counts{}, Resolver: resolver, Telemetry: builder, Reader: namespace.NewReader(namespace.ReaderConfig{
			Attributes: []string{"namespace"}, WriteTo: "namespace", Lookups: []namespace.Lookup{{Attribute: "a"}, {Attribute: "b"}},
		})}
		resolve := func(first, second string) Item {
			attributes := pcommon.NewMap()
			attributes.PutStr("a", first)
			attributes.PutStr("b", second)
			r, it := NewResolution(common), NewItem()
			r.Enter(pcommon.NewMap(), pcommon.NewMap())
			r.Want(&it, r.ReadKey(&it, attributes))
			for r.Resolve(t.Context()) && r.Complete(&it) {
				r.Want(&it, r.ReadNextKey(&it, attributes))
			}
			return it
		}
		named := resolve("strange", "known")
		assert.Equal(t, "payments", named.Namespace)
		nameless := resolve("strange", "foreign")
		assert.False(t, nameless.IsUnavailable())

		source.err = errors.New("down")
		time.Sleep(time.Minute)
		named = resolve("strange", "known")
		assert.Equal(t, "payments", named.Namespace)
		assert.True(t, named.IsResolved())
		nameless = resolve("strange", "foreign")
		assert.True(t, nameless.IsUnavailable(), "either key may be known by now")
		fresh := resolve("never asked for", "known")
		assert.True(t, fresh.IsUnavailable(), "its first key may belong to another namespace")
	})
}
