package steering

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/allowance"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

func cpu(port string) float64 { // seconds of all postgres processes
	out, _ := exec.Command("sh", "-c", `for p in $(pgrep -x postgres); do awk '{print $14+$15+$16+$17}' /proc/$p/stat 2>/dev/null; done | paste -sd+ | bc`).Output()
	var ticks float64
	fmt.Sscan(strings.TrimSpace(string(out)), &ticks)
	return ticks / 100
}

func TestZZCost(t *testing.T) {
	for _, names := range []int{10, 1000} {
		d := newDatabase(t)
		table, _ := postgres.ParseTable("public.namespace_sampling_fleet")
		var overrides []rate.Override
		for i := range 10 {
			overrides = append(overrides, rate.Override{Key: fmt.Sprint("own ", i), Signal: rate.Traces, Source: rate.SignalOverride, ItemsPerSecond: 100})
		}
		const n = 10
		for range n {
			s := d.steer(options{noOverrides: true, rates: RatesConfig{Global: 1, Overrides: overrides, TracesBudget: 5000,
				Budgets: BudgetsConfig{Interval: time.Second, MinRate: 1e-4, InitialRate: 1}},
				fleet: &FleetConfig{Fleet: postgres.Fleet{Table: table, Component: "x", Interval: time.Second, Collector: uuid.NewString()}}})
			done := make(chan struct{})
			t.Cleanup(func() { close(done) })
			go func() {
				var fed *Tables
				for {
					select {
					case <-done:
						return
					case <-time.After(5 * time.Millisecond):
					}
					tables := s.Rates.InForce()
					if tables == fed {
						continue
					}
					fed = tables
					for i := range names {
						var c allowance.Count
						c.Arrivals.Add(1, 10)
						tables.Traces.Lookup(fmt.Sprint("namespace ", i)).Share.Meter.Add(&c)
					}
					for i := range 10 {
						var c allowance.Count
						c.Arrivals.Add(1, 100)
						tables.Traces.Lookup(fmt.Sprint("own ", i)).Share.Meter.Add(&c)
					}
				}
			}()
		}
		time.Sleep(8 * time.Second)
		conn, err := pgx.Connect(context.Background(), d.dsn)
		require.NoError(t, err)
		var xact0, xact1, size, rows, most int64
		q := "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
		conn.QueryRow(context.Background(), "SELECT pg_stat_clear_snapshot()").Scan(nil)
		conn.QueryRow(context.Background(), q).Scan(&xact0)
		c0, t0 := cpu(""), time.Now()
		for range 30 {
			time.Sleep(time.Second)
			conn.QueryRow(context.Background(), "SELECT pg_total_relation_size('namespace_sampling_fleet'), (SELECT count(*) FROM namespace_sampling_fleet)").Scan(&size, &rows)
			most = max(most, size)
		}
		c1, el := cpu(""), time.Since(t0).Seconds()
		time.Sleep(1500 * time.Millisecond)
		conn.QueryRow(context.Background(), q).Scan(&xact1)
		fmt.Fprintf(os.Stderr, "names %d: cpu %.4f s per interval, xact/interval %.1f, size max %d KiB, rows %d\n", names, (c1-c0)/el, float64(xact1-xact0)/(el+1.5), most/1024, rows)
		conn.Close(context.Background())
		d.cluster.Stop()
	}
}
