// SPDX-License-Identifier: Apache-2.0

//go:build unix

package steering

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// overrideMany fills the table of runtime overrides with names of 56 bytes that are not registered.
const overrideMany = `INSERT INTO namespace_sampling_overrides (namespace, sample_rate) SELECT lpad(i::text, 56, 'x'), 0.5 FROM generate_series(1, 10000) i`

// The search is blocked, so that whatever waited for it would wait until the test ends.
func TestTheSearchForTheNearestNameHoldsNothingUp(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.exec(`INSERT INTO tasker.task_namespaces (task_namespace_uuid, name, created_at, updated_at)
		SELECT gen_random_uuid(), lpad(i::text, 56, 'y'), now(), now() FROM generate_series(1, 10000) i`)
	d.exec(overrideMany)
	var searches, ended atomic.Int64
	s := d.steer(options{
		rates: RatesConfig{Global: 0.1}, registryInterval: 20 * time.Millisecond,
		nearest: func(ctx context.Context, _ string, names []string) (string, bool) {
			searches.Add(1)
			defer ended.Add(1)
			assert.Len(t, names, 10_000)
			<-ctx.Done()
			return "", false
		},
	})
	s.awaitListening()
	eventually(t, func() bool { return searches.Load() == 1 }, "a search has begun")

	name := strings.Repeat("x", 52) + "1234"
	require.InDelta(t, 0.5, s.spanRate(name).Probability, 0)
	d.exec(`UPDATE namespace_sampling_overrides SET sample_rate = 1 WHERE namespace LIKE '%x1234'`)
	eventually(t, func() bool { return s.spanRate(name).IsAlways() }, "an override that is notified afterwards is in force")
	counts, ok := s.Registry.OnGlobalRate()
	assert.True(t, ok)
	assert.Equal(t, map[rate.Signal]int64{rate.Traces: 10_000, rate.Metrics: 10_000, rate.Logs: 10_000}, counts)
	assert.Len(t, s.Registry.State().Names, 10_000)
	require.NoError(t, s.Overrides.State().Err)
	read := s.Registry.State().ReadAt
	eventually(t, func() bool { return s.Registry.State().ReadAt.After(read) }, "registered names are read")

	assert.Equal(t, int64(1), searches.Load())
	assert.Zero(t, ended.Load())
	require.NoError(t, s.Stop(context.Background()))
	assert.Equal(t, int64(1), searches.Load(), "Stop ends the search, and those that would follow")
	assert.Equal(t, int64(1), ended.Load())
	assert.Zero(t, s.logged(namesNone))
}

func TestManyNotificationsOfAnUnchangedTableLeaveTheSameTablesInForce(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.register("payments")
	d.exec(overrideMany)
	d.exec(`INSERT INTO tasker.task_namespaces (task_namespace_uuid, name, created_at, updated_at) VALUES (gen_random_uuid(), 'orders', now(), now())`)
	d.exec(`UPDATE namespace_sampling_overrides SET signal = CASE WHEN namespace LIKE '%1' THEN 'traces' ELSE 'all' END, expires_at = now() + interval '1 hour'`)
	s := d.steer(options{rates: RatesConfig{Global: 0.1}, registryInterval: 20 * time.Millisecond})
	s.awaitListening()
	const more = "more overrides name no registered namespace"
	eventually(t, func() bool { return s.logged(more) == 1 }, "the overrides are warned of")
	inForce, lines := s.Rates.InForce(), s.logs.Len()
	require.Len(t, inForce.Overrides, 10_000)
	for range 3 {
		reads := s.reads.Load()
		for range 20 {
			d.exec(`NOTIFY namespace_sampling_overrides`)
		}
		eventually(t, func() bool { return s.reads.Load() > reads }, "the table is read again")
	}
	assert.Same(t, inForce, s.Rates.InForce())
	assert.Equal(t, lines, s.logs.Len(), "nothing is logged")

	d.exec(`UPDATE namespace_sampling_overrides SET sample_rate = 1 WHERE namespace LIKE '%x1234'`)
	eventually(t, func() bool { return s.Rates.InForce() != inForce }, "a change replaces them")
}
