// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
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

// slowSource takes a while for each load, and knows no key.
type slowSource struct{ takes time.Duration }

func (s slowSource) Lookup(ctx context.Context, _ []namespace.Key, answers []namespace.Answer) (int, error) {
	timer := time.NewTimer(s.takes)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	for i := range answers {
		answers[i].Outcome = namespace.Unknown
	}
	return 1, nil
}

// However many keys of an item are looked up, the batch waits no longer than postgres::wait in all.
func TestAllRoundsShareTheWait(t *testing.T) {
	for name, test := range map[string]struct {
		takes, waits time.Duration
		outcome      func(*Item) bool
	}{
		"all rounds within it":        {60 * time.Millisecond, 180 * time.Millisecond, func(it *Item) bool { return !it.IsUnavailable() }},
		"it ends in the second round": {150 * time.Millisecond, 200 * time.Millisecond, (*Item).IsUnavailable},
		"it ends in the first round":  {250 * time.Millisecond, 200 * time.Millisecond, (*Item).IsUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tel := componenttest.NewTelemetry()
				builder, err := metadata.NewTelemetryBuilder(tel.NewTelemetrySettings())
				require.NoError(t, err)
				cfg := namespace.ReaderConfig{Attributes: []string{"namespace"}, WriteTo: "namespace"}
				attributes := pcommon.NewMap()
				for _, attribute := range []string{"a", "b", "c"} {
					cfg.Lookups = append(cfg.Lookups, namespace.Lookup{Attribute: attribute})
					attributes.PutStr(attribute, "key "+attribute)
				}
				resolver, err := namespace.NewResolver(namespace.ResolverConfig{
					Cache: namespace.CacheConfig{MaxEntries: 10, TTL: time.Hour, NegativeTTL: time.Hour},
					Wait:  200 * time.Millisecond, LoadTimeout: time.Second, MaxLoads: 1,
					Breaker: namespace.BreakerConfig{Failures: 5, Cooldown: time.Second},
				}, slowSource{test.takes})
				require.NoError(t, err)
				defer func() { require.NoError(t, resolver.Close(context.Background())) }()

				r := NewResolution(&Common{Reader: namespace.NewReader(cfg), Resolver: resolver, Telemetry: builder, Problems: &problems.Counts{}})
				r.Enter(pcommon.NewMap(), pcommon.NewMap())
				it := NewItem()
				began := time.Now()
				for key := r.ReadKey(&it, attributes); key != nil; key = r.ReadKey(&it, attributes) {
					r.Want(&it, key)
					require.True(t, r.Resolve(t.Context()))
					if again := r.Complete(&it); !again {
						break
					}
				}
				assert.Equal(t, test.waits, time.Since(began))
				assert.True(t, test.outcome(&it))
			})
		})
	}
}
