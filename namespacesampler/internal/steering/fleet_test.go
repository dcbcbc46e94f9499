// SPDX-License-Identifier: Apache-2.0

//go:build unix

package steering

import (
	"math"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

const fleetInterval = 500 * time.Millisecond

// fleetMember is a collector of a fleet at which a number of spans of analytics arrive in each interval. The fleet has a budget of 100 an interval.
type fleetMember struct {
	*steered
	arrives atomic.Int64
}

// join starts a collector at which items arrive.
func (d *database) join(arrives int64, change ...func(*options)) *fleetMember {
	d.t.Helper()
	table, err := postgres.ParseTable("public.namespace_sampling_fleet")
	require.NoError(d.t, err)
	o := options{
		noOverrides: true,
		rates: RatesConfig{
			Global: 1, Budgets: BudgetsConfig{Interval: fleetInterval, MinRate: 1e-4, InitialRate: 1},
			Overrides: []rate.Override{{
				Key: "analytics", Signal: rate.Traces, Source: rate.SignalOverride, ItemsPerSecond: 100 / fleetInterval.Seconds(),
			}},
		},
		fleet: &FleetConfig{Fleet: postgres.Fleet{
			Table: table, Component: "namespace_sampler", Interval: fleetInterval, Collector: uuid.NewString(),
		}},
	}
	for _, f := range change {
		f(&o)
	}
	m := &fleetMember{steered: d.steer(o)}
	m.arrives.Store(arrives)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		m.feed(done)
	}()
	d.t.Cleanup(func() {
		close(done)
		<-ended
	})
	return m
}

// feed lets the items of an interval arrive as the interval begins.
func (m *fleetMember) feed(done <-chan struct{}) {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	var fed *Tables
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
		}
		if tables := m.Rates.InForce(); tables != fed {
			fed = tables
			var c allowance.Count
			c.Arrivals.Add(1, float64(m.arrives.Load()))
			tables.Traces.Lookup("analytics").Share.Meter.Add(&c)
		}
	}
}

func (m *fleetMember) rate() float64 { return m.Rates.InForce().Traces.Peek("analytics").Probability }

// agree waits until all members have the same rate, about a wanted one, and shares that add up to the budget.
func agree(t *testing.T, wanted float64, shares float64, members ...*fleetMember) {
	t.Helper()
	eventually(t, func() bool {
		sum := 0.0
		for _, m := range members {
			if m.rate() != members[0].rate() {
				return false
			}
			sum += m.Rates.InForce().Traces.Peek("analytics").Share.Guard.Share()
		}
		return math.Abs(members[0].rate()/wanted-1) < 0.05 && math.Abs(sum-shares) < 5
	}, "the fleet agrees")
}

func TestAFleetSharesABudget(t *testing.T) { // B6, B7
	t.Parallel()
	d := newDatabase(t)
	fleet := []*fleetMember{d.join(800), d.join(100), d.join(100)}
	agree(t, 0.1, 100, fleet...)
	assert.Equal(t, 3, fleet[0].Fleet.State().Collectors)

	t.Run("one more", func(t *testing.T) {
		fleet = append(fleet, d.join(1000))
		agree(t, 0.05, 100, fleet...)
		fleet[3].arrives.Store(0)
		agree(t, 0.1, 125, fleet...) // the share of a quarter is for what may come
	})
	t.Run("the server goes and comes", func(t *testing.T) {
		const lost = "budgets cannot be shared with the fleet; the last rates stay in force, and are lowered where more arrives at this collector"
		before := fleet[1].logged(lost) // a busy machine may miss an interval
		require.NoError(t, d.cluster.Crash())
		eventually(t, func() bool { return fleet[1].logged(lost) > before }, "logged")
		fleet[1].arrives.Store(1000)
		eventually(t, func() bool { return math.Abs(fleet[1].rate()/0.01-1) < 0.05 }, "ten times as many items have a tenth of the rate")
		assert.InDelta(t, 0.1, fleet[0].rate(), 0.005)
		require.NoError(t, d.cluster.Restart(t.Context()))
		agree(t, 100./1900, 125, fleet...)
		assert.Equal(t, fleet[1].logged(lost), fleet[1].logged("budgets are shared with the fleet again"), "each change is logged once")
	})
}

func TestACollectorThatJoinsHasTheRatesOfTheFleetAtOnce(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	first := d.join(1000)
	agree(t, 0.1, 100, first)
	second := d.join(0, func(o *options) { o.dsn = pgtest.NewPooler(t, d.cluster).DSN(d.dsn) })
	eventually(t, func() bool { return second.rate() == first.rate() }, "joined")
	agree(t, 0.1, 200, first, second)
}

func TestADryRunFollowsTheFleetAndWritesNothing(t *testing.T) { // B10
	t.Parallel()
	d := newDatabase(t)
	first := d.join(1000)
	dry := d.join(5000, func(o *options) { o.fleet.ReadsOnly = true })
	agree(t, 0.1, 100, first)
	eventually(t, func() bool { return dry.rate() == first.rate() }, "follows")
	assert.Equal(t, 1, first.Fleet.State().Collectors)
}

func TestWithoutItsTableACollectorCountsForItselfAlone(t *testing.T) { // B7
	t.Parallel()
	d := newDatabase(t)
	d.exec("DROP TABLE namespace_sampling_fleet")
	m := d.join(1000)
	agree(t, 0.1, 100, m)
	other := d.join(500)
	agree(t, 0.2, 100, other)
	assert.True(t, m.Fleet.State().AnsweredAt.IsZero())
	require.ErrorContains(t, m.Fleet.State().Err, "create the table")
}

// During a roll-out some collectors have another budget. Each of both budgets holds for what arrives at those that have it.
func TestCollectorsWithAnotherBudgetAreAnotherFleet(t *testing.T) { // B6
	t.Parallel()
	d := newDatabase(t)
	twice := func(o *options) {
		o.rates.Overrides = slices.Clone(o.rates.Overrides)
		o.rates.Overrides[0].ItemsPerSecond *= 2
	}
	before := []*fleetMember{d.join(600), d.join(400)}
	after := []*fleetMember{d.join(300, twice), d.join(200, twice)}
	agree(t, 0.1, 100, before...)
	agree(t, 0.4, 200, after...)
	agree(t, 0.1, 100, before...)
	for _, m := range slices.Concat(before, after) {
		assert.Equal(t, 2, m.Fleet.State().Collectors)
	}
}

// Nothing waits for a server that hangs: intervals end on time, and rates follow what arrives.
func TestAServerThatHangsDelaysNoInterval(t *testing.T) { // B7
	t.Parallel()
	d := newDatabase(t)
	hanging, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, hanging.Close()) }) // connections wait in its queue
	m := d.join(1000, func(o *options) {
		o.dsn = "postgres://" + hanging.Addr().String() + "/none?sslmode=disable"
		o.timeout = time.Hour
	})
	agree(t, 0.1, 100, m)
	require.Error(t, m.Fleet.State().Err)
}

func TestTheClockOfAFleetIsThatOfTheServer(t *testing.T) { // B6
	synctest.Test(t, func(t *testing.T) {
		server := func() time.Time { return time.Now().Add(time.Minute) } // of which the local clock is a minute behind
		c := newFleetClock(10 * time.Second)
		assert.False(t, c.isKnown())
		assert.Equal(t, time.Now().Unix()/10, c.number(), "until the server tells")

		read := func(delay time.Duration) {
			asked := time.Now()
			time.Sleep(delay)
			c.observe(server(), asked, time.Now())
		}
		isExact := func(within time.Duration) {
			t.Helper()
			assert.InDelta(t, server().UnixNano(), int64(c.now()), float64(within+time.Microsecond), "the difference of two large numbers is rounded")
		}
		read(2 * time.Second)
		isExact(time.Second)
		read(10 * time.Millisecond)
		isExact(5 * time.Millisecond)
		read(4 * time.Second)
		isExact(5 * time.Millisecond)
		assert.True(t, c.isKnown())
		assert.Equal(t, server().Unix()/10, c.number())
		number := c.number()
		time.Sleep(c.until(number, 0.5))
		isExact(5 * time.Millisecond)
		assert.Equal(t, number, c.number())
		time.Sleep(c.until(number, 1))
		assert.Equal(t, number+1, c.number())

		time.Sleep(maxReadingAge * c.interval)
		read(200 * time.Millisecond)
		isExact(100 * time.Millisecond)
	})
}
