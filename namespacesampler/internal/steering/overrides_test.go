// SPDX-License-Identifier: Apache-2.0

//go:build unix

package steering

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

func (s *steered) spanRate(namespace string) *rate.Match {
	return s.Rates.InForce().Traces.Lookup(namespace)
}

func TestANotifiedOverrideIsInForceEverywhereAndExpiresOnTime(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	fleet := make([]*steered, 3)
	for i := range fleet {
		fleet[i] = d.steer(options{rates: RatesConfig{Global: 0.1}})
		fleet[i].awaitListening()
	}
	began := time.Now()
	ends := began.Add(4 * time.Second).Truncate(time.Microsecond)
	d.exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at, reason, updated_by)
		VALUES ('payments', 1, $1, 'incident 7', 'alice')`, ends)
	for _, s := range fleet {
		eventually(t, func() bool { return s.logged("an override is in force") == 1 }, "in force")
		line := s.logs.FilterMessage("an override is in force").All()[0].ContextMap()
		assert.InDelta(t, 0.1, line["from_sample_rate"], 0)
		assert.InDelta(t, 1, line["to_sample_rate"], 0)
		assert.Equal(t, "incident 7", line["reason"])
		assert.Equal(t, "alice", line["updated_by"])
	}
	for _, s := range fleet {
		eventually(t, func() bool { return s.spanRate("payments").Rule == rate.Global }, "expired")
		assert.False(t, time.Now().Before(ends), "no earlier")
		eventually(t, func() bool { return s.logged("an override has ended") == 1 }, "logged, just after the tables were replaced")
		assert.Zero(t, s.logged("an override was removed"))
	}
}

func TestAnOverrideCarriesItsReasonAuthorAndTime(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	s := d.steer(options{})
	s.awaitListening()
	ends := time.Now().Add(time.Hour).Truncate(time.Microsecond)
	d.exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at, reason, updated_by)
		VALUES ('payments', 1, $1, 'incident 7', 'alice')`, ends)
	eventually(t, func() bool { return s.spanRate("payments").IsAlways() }, "in force")
	overrides := s.Rates.InForce().Overrides
	require.Len(t, overrides, 1)
	assert.WithinDuration(t, time.Now(), overrides[0].UpdatedAt, time.Minute)
	assert.Equal(t, rate.Override{
		Key: "payments", Signal: rate.All, Source: rate.RuntimeOverride, Probability: 1, Until: ends.UTC(), Reason: "incident 7", UpdatedBy: "alice",
		UpdatedAt: overrides[0].UpdatedAt,
	}, overrides[0])
}

func TestRowsApplyToTheirSignalAndInvalidOnesAreSkipped(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	s := d.steer(options{rates: RatesConfig{Global: 0.1}})
	s.awaitListening()
	d.exec(`ALTER TABLE namespace_sampling_overrides DROP CONSTRAINT sample_rate_is_between_0_and_1, DROP CONSTRAINT signal_is_all_traces_metrics_or_logs`)
	d.exec(`INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate) VALUES
		('orders', 'traces', 0.5), ('orders', 'metrics', 0.25), ('rust_*', 'all', 1), ('team-?', 'metrics', 0),
		('percent', 'all', 50), ('nan', 'all', 'NaN'), ('log', 'log', 1), ('logs', 'logs', 1), ('', 'all', 1), ('unknown', 'all', 1),
		(repeat('x', 5000), 'all', 1), (repeat('*', 300), 'all', 1), ('fine', 'all', 0)`)
	d.exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at) VALUES ('over', 1, now() - interval '1s')`)
	eventually(t, func() bool { return s.spanRate("fine").IsNever() }, "the valid rows apply")

	tables := s.Rates.InForce()
	for namespace, want := range map[string][2]float64{
		"orders": {0.5, 0.25}, "rust_linear": {1, 1}, "team-a": {0.1, 0}, "percent": {0.1, 0.1}, "over": {0.1, 0.1}, "other": {0.1, 0.1},
		"logs": {0.1, 0.1}, "": {1, 1},
	} {
		assert.Equal(t, want, [2]float64{tables.Traces.Lookup(namespace).Probability, tables.Metrics.Lookup(namespace).Probability}, namespace)
	}
	eventually(t, func() bool { return len(s.Overrides.State().Rejected) == 6 }, "the invalid rows are known")
	const skipped = "a row of the runtime overrides is skipped"
	assert.Equal(t, 6, s.logged(skipped), "each is logged once")
	reasons := map[any]any{}
	for _, entry := range s.logs.FilterMessage(skipped).All() {
		reasons[entry.ContextMap()["namespace"]] = entry.ContextMap()["error"]
	}
	assert.Equal(t, "sample rate must be between 0 and 1, got 50 (for 50 % write 0.5)", reasons["percent"])
	assert.Equal(t, `signal must be all, traces, metrics or logs, got "log"`, reasons["log"])
	assert.Less(t, s.Overrides.Age(), time.Minute)

	d.exec(`DELETE FROM namespace_sampling_overrides WHERE namespace = 'percent'`)
	eventually(t, func() bool { return len(s.Overrides.State().Rejected) == 5 }, "it is removed")
	assert.Equal(t, 6, s.logged(skipped))
}

func TestOverridesReadLastStayInForceDuringAnOutageAndExpireOnTime(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	s := d.steer(options{rates: RatesConfig{Global: 0.1}, interval: 20 * time.Millisecond})
	s.awaitListening()
	ends := time.Now().Add(5 * time.Second)
	d.exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at) VALUES ('payments', 1, $1), ('orders', 1, NULL)`, ends)
	eventually(t, func() bool { return s.logged("an override is in force") == 2 }, "in force")
	require.NoError(t, d.cluster.Crash())
	eventually(t, func() bool { return s.logged(unreadable) > 0 }, "the outage is noticed")
	assert.True(t, s.spanRate("orders").IsAlways())
	eventually(t, func() bool { return s.spanRate("payments").Rule == rate.Global }, "it expires on time")
	assert.False(t, time.Now().Before(ends))
	assert.True(t, s.spanRate("orders").IsAlways())
	require.Error(t, s.Overrides.State().Err)
	assert.Equal(t, 1, s.logged(unreadable), "logged once")
	require.NoError(t, d.cluster.Restart(t.Context()))
	d.exec(`UPDATE namespace_sampling_overrides SET sample_rate = 0 WHERE namespace = 'orders'`)
	eventually(t, func() bool { return s.spanRate("orders").IsNever() }, "it is read again")
	assert.Equal(t, 1, s.logged("runtime overrides can be read again"))
}

func TestAMissingTableIsOneWarning(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	s := d.steer(options{interval: 2 * time.Millisecond, table: `tasker."My Table"`, rates: RatesConfig{Global: 1}})
	eventually(t, func() bool { return s.logged(unreadable) > 0 }, "it is logged")
	d.exec(`CREATE TABLE tasker."My Table" AS SELECT * FROM namespace_sampling_overrides;
		INSERT INTO tasker."My Table" (namespace, signal, sample_rate) VALUES ('payments', 'all', 0)`)
	eventually(t, func() bool { return s.spanRate("payments").IsNever() }, "it is created")
	d.exec(`DROP TABLE tasker."My Table"`)
	eventually(t, func() bool { return s.logged(unreadable) > 1 }, "it is dropped")
	assert.True(t, s.spanRate("payments").IsNever(), "what was read last stays in force")
	assert.Equal(t, 2, s.logged(unreadable))
	assert.Contains(t, s.logs.FilterMessage(unreadable).All()[0].ContextMap()["error"],
		`relation "tasker.My Table" does not exist (SQLSTATE 42P01): create the table`)
}

func TestChangesMadeWhileTheListeningConnectionIsBrokenAreRead(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	s := d.steer(options{rates: RatesConfig{Global: 1}})
	s.awaitListening()
	d.exec(`ALTER TABLE namespace_sampling_overrides DISABLE TRIGGER ALL`)
	d.exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('payments', 0)`)
	d.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'`)
	eventually(t, func() bool { return s.spanRate("payments").IsNever() }, "it is read")
	assert.Equal(t, 1, s.logged(listening), "a connection that is restored at once is no news")
}

func TestPollingGoesOnIfListeningCannotWork(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	s := d.steer(options{dsn: pgtest.NewPooler(t, d.cluster).DSN(d.dsn), interval: 20 * time.Millisecond, rates: RatesConfig{Global: 1}})
	const givenUp = "not listening for changes of runtime overrides; they apply after the interval"
	eventually(t, func() bool { return s.logged(givenUp) == 1 }, "it is logged")
	d.exec(`INSERT INTO namespace_sampling_overrides (namespace, sample_rate) VALUES ('payments', 0)`)
	eventually(t, func() bool { return s.spanRate("payments").IsNever() }, "in force")
	assert.Equal(t, 1, s.logged(givenUp))
	assert.Zero(t, s.logged(listening))
}
