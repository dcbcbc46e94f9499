// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
)

const (
	fleetBudget    = 300 // spans a second
	fleetTraffic   = 3000
	spansOfATrace  = 2
	sendsPerSecond = 50
)

// cannotShare is what the log says once if the table of the fleet cannot be used.
const cannotShare = "budgets cannot be shared with the fleet"

// budgetFleet is collectors that share a budget for analytics, with traffic that is spread over them 8:1:1.
type budgetFleet struct {
	collectors []*harness.Collector
	stop       context.CancelFunc
	senders    sync.WaitGroup

	mu     sync.Mutex
	kept   map[int64]int             // spans by the second in which they came out
	states map[int64]map[string]bool // tracestates of those in the middle of a second
	whole  map[pcommon.TraceID]int   // kept spans by trace
	live   []bool
}

func (f *budgetFleet) observe(td ptrace.Traces) {
	now := time.Now()
	second, isMiddle := now.Unix(), now.Nanosecond() > 300e6 && now.Nanosecond() < 800e6
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept[second] += td.SpanCount()
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				f.whole[s.TraceID()]++
				if isMiddle {
					if f.states[second] == nil {
						f.states[second] = map[string]bool{}
					}
					f.states[second][s.TraceState().AsRaw()] = true
				}
			}
		}
	}
}

// newBudgetFleet starts collectors, and traffic whose trace IDs are evenly spread.
func newBudgetFleet(t *testing.T, dsn string) *budgetFleet {
	t.Helper()
	f := &budgetFleet{
		kept: map[int64]int{}, states: map[int64]map[string]bool{}, whole: map[pcommon.TraceID]int{}, live: []bool{true, true, true},
	}
	sink := harness.NewSink(t)
	sink.Observe(f.observe)
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	for range 3 {
		f.collectors = append(f.collectors, harness.Start(t, harness.Options{
			Sink: sink, Inspect: "# for the state", Processor: fmt.Sprintf(`
tracing: {namespaces: {analytics: {items_per_second: %d}}}
budgets: {interval: 1s}
postgres: {dsn: %q, layout: none, query_timeout: 500ms, fleet: {enabled: true}}`, fleetBudget, dsn),
			FixedPorts: true, Expect: []string{cannotShare, cannotAsk, breakerOpens},
		}))
	}
	var made uint64
	next := make(chan uint64)
	f.senders.Go(func() {
		defer close(next)
		for ; ; made++ {
			select {
			case next <- made:
			case <-ctx.Done():
				return
			}
		}
	})
	for i, part := range []int{8, 1, 1} {
		client := harness.NewClient(t, f.collectors[i])
		f.senders.Go(func() { f.send(ctx, i, client, next, fleetTraffic*part/10/spansOfATrace/sendsPerSecond) })
	}
	t.Cleanup(func() {
		stop()
		f.senders.Wait()
	})
	return f
}

// send sends traces until ctx ends. What the collector cannot take is lost: it may have been killed.
func (f *budgetFleet) send(ctx context.Context, i int, client *harness.Client, next <-chan uint64, traces int) {
	ticker := time.NewTicker(time.Second / sendsPerSecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		f.mu.Lock()
		isLive := f.live[i]
		f.mu.Unlock()
		if !isLive {
			continue
		}
		td := ptrace.NewTraces()
		spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
		for range traces {
			number, ok := <-next
			if !ok {
				return
			}
			var id pcommon.TraceID
			binary.BigEndian.PutUint64(id[:8], number+1)
			binary.BigEndian.PutUint64(id[8:], (number+1)*0x9e3779b97f4a7c15>>8)
			for n := range spansOfATrace {
				s := spans.AppendEmpty()
				s.SetTraceID(id)
				s.SetSpanID(pcommon.SpanID{1, byte(n)})
				s.Attributes().PutStr("namespace", "analytics")
			}
		}
		_ = client.TryTraces(ctx, td)
	}
}

// keepsBudget waits until the fleet has kept its budget in five whole seconds in a row; if it agrees, by the same threshold on all collectors in each
// of them.
func (f *budgetFleet) keepsBudget(t *testing.T, agrees bool) {
	t.Helper()
	began := time.Now()
	require.True(t, harness.Eventually(3*time.Minute, func() bool {
		last := time.Now().Unix() - 1
		f.mu.Lock()
		defer f.mu.Unlock()
		for second := last - 4; second <= last; second++ {
			if second <= began.Unix() || f.kept[second] < fleetBudget*9/10 || f.kept[second] > fleetBudget*11/10 ||
				agrees && len(f.states[second]) != 1 {
				return false
			}
		}
		return true
	}), "the fleet keeps its budget")
	t.Logf("five seconds within a tenth of the budget after %v", time.Since(began).Round(time.Second))
}

// most returns the most spans that were kept in a second since a time.
func (f *budgetFleet) most(since time.Time) (most int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for second, n := range f.kept {
		if second > since.Unix() {
			most = max(most, n)
		}
	}
	return most
}

// Three collectors share a budget, over the loss of one of them and of Postgres (B5, B6, B7, B8).
func TestAFleetKeepsItsBudget(t *testing.T) {
	script, err := os.ReadFile(testdata + "/fleet.sql")
	require.NoError(t, err)
	cluster := pgtest.Start(t)
	f := newBudgetFleet(t, cluster.NewDatabase(t, string(script)))
	f.keepsBudget(t, true)

	f.mu.Lock()
	f.live[2] = false
	f.mu.Unlock()
	f.collectors[2].Kill()
	f.keepsBudget(t, true)

	began := time.Now()
	require.NoError(t, cluster.Crash())
	require.True(t, harness.Eventually(time.Minute, func() bool {
		return f.collectors[0].Log().Count(cannotShare) == 1
	}))
	f.keepsBudget(t, false)
	assert.LessOrEqual(t, f.most(began), 4*fleetBudget)
	require.NoError(t, cluster.Restart(t.Context()))
	require.True(t, harness.Eventually(time.Minute, func() bool {
		return f.collectors[0].Log().Count("budgets are shared with the fleet again") == 1
	}))
	f.keepsBudget(t, true)
	assert.LessOrEqual(t, f.most(began), 4*fleetBudget)

	f.collectors[2].StartAgain()
	f.mu.Lock()
	f.live[2] = true
	f.mu.Unlock()
	f.keepsBudget(t, true)

	f.stop()
	f.senders.Wait()
	for _, c := range f.collectors {
		c.Stop()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, n := range f.whole {
		require.Equal(t, spansOfATrace, n, "trace %s is whole", id)
	}
}
