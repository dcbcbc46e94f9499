// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/budget"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
)

func fleetScript(t testing.TB) string { return script(t, "fleet.sql") }

// member is a collector of a fleet.
func member(t testing.TB, number string) *Fleet {
	t.Helper()
	return &Fleet{
		Table: table(t, "public.namespace_sampling_fleet"), Component: "namespace_sampler", Interval: 100 * time.Millisecond,
		Collector: "00000000-0000-4000-8000-00000000000" + number,
	}
}

var (
	analytics = allowance.ID{Signal: "traces", Key: "analytics", ItemsPerSecond: 200}
	shared    = allowance.ID{Signal: "logs", IsShared: true, ItemsPerSecond: 0.1}
)

func arrivals(items float64) budget.Arrivals {
	var a budget.Arrivals
	a.Add(1, items)
	a.Add(0.1, items/2)
	return a
}

func TestWhatArrivesAtAllCollectorsIsAddedUp(t *testing.T) { // B6
	for name, encoding := range map[string]string{"UTF8": "UTF8", "a database that cannot hold all names": "LATIN1"} {
		t.Run(name, func(t *testing.T) {
			db := openLayout(t, cluster.NewEncodedDatabase(t, encoding, fleetScript(t), fleetScript(t)), Layout{})
			a, b, c := member(t, "a"), member(t, "b"), member(t, "c")
			now := time.Now().Unix() * 10 // of intervals of a tenth of a second, whose numbers take more than 32 bits
			odd := "nul \x00 \xff ünïcödé 漢"
			add := func(f *Fleet, number int64, counts map[allowance.ID]map[string]budget.Arrivals) {
				t.Helper()
				at, err := db.AddCounts(t.Context(), f, number, counts)
				require.NoError(t, err)
				assert.WithinDuration(t, time.Now(), at, time.Minute)
			}
			add(a, now-3, map[allowance.ID]map[string]budget.Arrivals{analytics: {"analytics": arrivals(1e6)}})
			add(a, now-2, map[allowance.ID]map[string]budget.Arrivals{analytics: {"analytics": arrivals(1000)}})
			add(b, now-3, map[allowance.ID]map[string]budget.Arrivals{analytics: {"analytics": arrivals(1e6)}})
			add(a, now, map[allowance.ID]map[string]budget.Arrivals{analytics: {"analytics": arrivals(1)}, shared: {"": arrivals(2), odd: arrivals(4)}})
			add(b, now, map[allowance.ID]map[string]budget.Arrivals{analytics: {}, shared: {odd: arrivals(8)}})
			add(b, now, map[allowance.ID]map[string]budget.Arrivals{analytics: {"analytics": arrivals(7)}})
			add(c, now-1, map[allowance.ID]map[string]budget.Arrivals{analytics: {"analytics": arrivals(10)}})

			none, err := db.Sums(t.Context(), a, now)
			require.NoError(t, err)
			assert.Empty(t, none)
			require.NoError(t, db.StoreSums(t.Context(), a, now, map[allowance.ID]map[string]float64{analytics: {"analytics": 0.25}, shared: {}}))
			add(c, now, map[allowance.ID]map[string]budget.Arrivals{analytics: {"analytics": arrivals(1e6)}})
			require.NoError(t, db.StoreSums(t.Context(), b, now, map[allowance.ID]map[string]float64{analytics: {"analytics": 0.5}}))

			sums, err := db.Sums(t.Context(), c, now)
			require.NoError(t, err)
			assert.Equal(t, map[allowance.ID]*budget.Answer{
				analytics: {
					Number: now, Collectors: 3, Before: map[string]float64{"analytics": 0.25},
					Arrivals: map[string]budget.Arrivals{"analytics": arrivals(11)}, // of c those of the interval before
				},
				shared: {
					Number: now, Collectors: 2, Before: map[string]float64{},
					Arrivals: map[string]budget.Arrivals{"": arrivals(2), odd: arrivals(12)},
				},
			}, sums, "the first sums stay")
		})
	}
}

func TestFleetsOfOtherComponentsIntervalsAndAmountsAreApart(t *testing.T) { // B6
	db := openLayout(t, cluster.NewDatabase(t, fleetScript(t)), Layout{})
	a, component, interval := member(t, "a"), member(t, "b"), member(t, "c")
	component.Component, interval.Interval = "namespace_sampler/other", time.Second
	more := analytics
	more.ItemsPerSecond = 300
	for _, f := range []*Fleet{a, component, interval} {
		_, err := db.AddCounts(t.Context(), f, 100, map[allowance.ID]map[string]budget.Arrivals{analytics: {"x": arrivals(1)}, more: {"x": arrivals(2)}})
		require.NoError(t, err)
	}
	require.NoError(t, db.StoreSums(t.Context(), a, 100, map[allowance.ID]map[string]float64{analytics: {}}))
	sums, err := db.Sums(t.Context(), a, 100)
	require.NoError(t, err)
	require.Len(t, sums, 1)
	assert.Equal(t, 1, sums[analytics].Collectors)
	assert.Equal(t, arrivals(1), sums[analytics].Arrivals["x"])
}

func TestOldRowsOfTheFleetAreDeleted(t *testing.T) { // B6
	db := openLayout(t, cluster.NewDatabase(t, fleetScript(t)), Layout{})
	f, gone := member(t, "a"), member(t, "b")
	gone.Component = "gone"
	f.Interval, gone.Interval = 10*time.Second, 10*time.Second
	now := time.Now().Unix() / 10
	for _, number := range []int64{0, now - 100, now - 12, now - 9, now} {
		for _, f := range []*Fleet{f, gone} {
			_, err := db.AddCounts(t.Context(), f, number, map[allowance.ID]map[string]budget.Arrivals{analytics: {}})
			require.NoError(t, err)
		}
	}
	require.NoError(t, db.StoreSums(t.Context(), f, now, map[allowance.ID]map[string]float64{}))
	rows, err := db.pool.Query(t.Context(), "SELECT DISTINCT number FROM namespace_sampling_fleet ORDER BY 1")
	require.NoError(t, err)
	left, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(t, err)
	assert.Equal(t, []int64{now - 9, now}, left)
}

func TestRowsOfTheFleetThatMakeNoSenseAreLeftOut(t *testing.T) {
	db := openLayout(t, cluster.NewDatabase(t, fleetScript(t)), Layout{})
	f := member(t, "a")
	for i, row := range []string{
		`'{x}', '{0}', '{1}', '{1}', '{x}', '{0.5}'`,
		`'{x}', '{}', '{1}', '{1}', NULL, NULL`,
		`'{x}', '{0}', '{-1}', '{1}', NULL, NULL`,
		`'{x}', '{0}', '{NaN}', '{1}', NULL, NULL`,
		`'{x}', '{0}', '{2}', '{1}', NULL, NULL`,
		`'{x}', '{-1}', '{1}', '{1}', NULL, NULL`,
		`'{"\""}', '{0}', '{1}', '{1}', NULL, NULL`,
		`'{x}', '{0}', '{1}', '{1}', '{x}', NULL`,
		`'{x}', '{0}', '{1}', '{1}', '{x}', '{0}'`,
	} {
		_, err := db.pool.Exec(t.Context(), `INSERT INTO namespace_sampling_fleet (component, seconds, number, signal, budget, shared, items_per_second, collector,
			namespaces, exponents, items, adjusted, rated, rates) VALUES ('namespace_sampler', 0.1, 100, 'traces', $1, false, 1, '`+sumsOf+`', `+row+`)`, strings.Repeat("b", i))
		require.NoError(t, err)
	}
	sums, err := db.Sums(t.Context(), f, 100)
	require.NoError(t, err)
	assert.Len(t, sums, 1)
}

func TestAFleetWorksBehindAPooler(t *testing.T) {
	pooler := pgtest.NewPooler(t, cluster)
	db := openLayout(t, pooler.DSN(cluster.NewDatabase(t, fleetScript(t))), Layout{})
	f := member(t, "a")
	_, err := db.AddCounts(t.Context(), f, 100, map[allowance.ID]map[string]budget.Arrivals{analytics: {"analytics": arrivals(1)}})
	require.NoError(t, err)
	require.NoError(t, db.StoreSums(t.Context(), f, 100, map[allowance.ID]map[string]float64{analytics: {"analytics": 0.5}}))
	sums, err := db.Sums(t.Context(), f, 100)
	require.NoError(t, err)
	assert.Len(t, sums, 1)
}

func TestAMissingFleetTableIsSaid(t *testing.T) {
	db := openLayout(t, cluster.NewDatabase(t), Layout{})
	_, err := db.AddCounts(t.Context(), member(t, "a"), 100, nil)
	require.ErrorContains(t, err, "create the table")
	var read *ReadError
	require.ErrorAs(t, err, &read)
	assert.Equal(t, "42P01", read.State)
	_, err = db.Time(t.Context())
	require.NoError(t, err)
}

func TestTheRoleOfTheScriptCanShareBudgets(t *testing.T) {
	dsn := cluster.NewDatabase(t, fleetScript(t))
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.User("namespace_sampler_reader")
	db := openLayout(t, u.String(), Layout{})
	f := member(t, "a")
	_, err = db.AddCounts(t.Context(), f, 100, map[allowance.ID]map[string]budget.Arrivals{analytics: {"analytics": arrivals(1)}})
	require.NoError(t, err)
	require.NoError(t, db.StoreSums(t.Context(), f, 100, map[allowance.ID]map[string]float64{analytics: {"analytics": 0.5}}))
	sums, err := db.Sums(t.Context(), f, 100)
	require.NoError(t, err)
	assert.Len(t, sums, 1)
	_, err = db.pool.Exec(t.Context(), "TRUNCATE namespace_sampling_fleet")
	require.ErrorContains(t, err, "permission denied", "it can do no more than it needs")
}
