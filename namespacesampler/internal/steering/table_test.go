// SPDX-License-Identifier: Apache-2.0

//go:build unix

package steering

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const unreadable = "runtime overrides cannot be read; the ones read last stay in force until they expire"

// With times without a zone, an override for one hour was over before it began.
func TestAnOverrideForOneHourAppliesInNewYork(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone TO ''America/New_York''', current_database()); END $$`)
	const forAnHour = `INSERT INTO namespace_sampling_overrides (namespace, sample_rate, expires_at) VALUES ($1, 1, now() + interval '1 hour')`
	d.exec(forAnHour, "payments")
	s := d.steer(options{rates: RatesConfig{Global: 0.1}, interval: 10 * time.Millisecond})
	eventually(t, func() bool { return s.spanRate("payments").IsAlways() }, "in force")
	assert.WithinDuration(t, time.Now().Add(time.Hour), s.Rates.InForce().Overrides[0].Until, time.Minute)

	d.exec(`ALTER TABLE namespace_sampling_overrides ALTER COLUMN expires_at TYPE timestamp`)
	eventually(t, func() bool { return s.logged(unreadable) == 1 }, "the table is refused")
	d.exec(forAnHour, "orders")
	assert.True(t, s.spanRate("payments").IsAlways(), "what was read last stays in force")
	message := s.logs.FilterMessage(unreadable).All()[0].ContextMap()["error"]
	require.Contains(t, message, "ALTER COLUMN expires_at TYPE timestamptz USING expires_at::timestamp AT TIME ZONE")

	d.exec(`ALTER TABLE namespace_sampling_overrides ALTER COLUMN expires_at TYPE timestamptz USING expires_at::timestamp AT TIME ZONE 'America/New_York'`)
	eventually(t, func() bool { return s.spanRate("orders").IsAlways() }, "it is read again")
	assert.Equal(t, 1, s.logged(unreadable), "logged once")
	for _, o := range s.Rates.InForce().Overrides {
		assert.WithinDuration(t, time.Now().Add(time.Hour), o.Until, time.Minute, o.Key)
	}
}

// The interval is an hour: only the notification has the table read again.
func TestAChangeIsReadWithinSecondsThoughTheReadThatItAskedForFailed(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	s := d.steer(options{rates: RatesConfig{Global: 0.1}})
	s.awaitListening()
	d.exec(`ALTER TABLE namespace_sampling_overrides RENAME TO elsewhere`)
	d.exec(`INSERT INTO elsewhere (namespace, sample_rate) VALUES ('payments', 1)`) // notifies
	eventually(t, func() bool { return s.logged(unreadable) == 1 }, "the read fails")
	d.exec(`ALTER TABLE elsewhere RENAME TO namespace_sampling_overrides`) // does not
	eventually(t, func() bool { return s.spanRate("payments").IsAlways() }, "it is tried again")
	assert.Equal(t, 1, s.logged(listening), "on the same connection")
}

func TestAViewWithRowsOfOneNamespaceAppliesNoneOfThem(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.exec(`CREATE VIEW rates AS SELECT n AS namespace, 'all' AS signal, r AS sample_rate, NULL::timestamptz AS expires_at,
		NULL AS reason, NULL AS updated_by, NULL::timestamptz AS updated_at
		FROM (VALUES ('twice', 1), ('twice', 0), ('once', 0.5), ('', 0)) v(n, r)`)
	s := d.steer(options{rates: RatesConfig{Global: 0.1}, interval: 5 * time.Millisecond, table: "public.rates"})
	eventually(t, func() bool { return s.spanRate("once").Probability == 0.5 }, "the other applies")
	assert.True(t, s.spanRate("").IsNever(), "items without a namespace")
	assert.Equal(t, 0.1, s.spanRate("twice").Probability)
	first := s.Overrides.State().ReadAt
	eventually(t, func() bool { return s.Overrides.State().ReadAt.After(first) }, "it is read again")
	assert.Len(t, s.Overrides.State().Rejected, 2, "each is counted")
	assert.Equal(t, 1, s.logged("a row of the runtime overrides is skipped"), "the pair is logged once")
}
