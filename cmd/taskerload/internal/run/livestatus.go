// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/report"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/terminal"
)

// traffic counts items. Its methods are safe for concurrent use.
type traffic struct{ spans, points, records atomic.Int64 }

func (t *traffic) traces(r ptrace.Traces) error { t.spans.Add(int64(r.SpanCount())); return nil }
func (t *traffic) metrics(r pmetric.Metrics) error {
	t.points.Add(int64(r.DataPointCount()))
	return nil
}
func (t *traffic) logs(r plog.Logs) error { t.records.Add(int64(r.LogRecordCount())); return nil }

// counts are numbers of items.
type counts struct{ spans, points, records int64 }

func (t *traffic) counts() counts {
	return counts{t.spans.Load(), t.points.Load(), t.records.Load()}
}

func (c counts) all() int64 { return c.spans + c.points + c.records }

func (c counts) since(before counts) counts {
	return counts{c.spans - before.spans, c.points - before.points, c.records - before.records}
}

// status prints what is sent and what arrives until the context ends: on a terminal in a line that is overwritten, else in a line now and then.
func (l *Live) status(ctx context.Context) {
	every, format := 10*time.Second, "%s\n"
	if terminal.Is(l.Log) {
		every, format = time.Second, overwritten+"%s"
		defer printf(l.Log, overwritten)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	sent, arrived := l.sent.counts(), l.arrived.counts()
	for last := time.Now(); ; {
		select {
		case now := <-tick.C:
			s, a := l.sent.counts(), l.arrived.counts()
			printf(l.Log, format, statusLine(s.since(sent), a.since(arrived), now.Sub(last)))
			sent, arrived, last = s, a, now
		case <-ctx.Done():
			return
		}
	}
}

// overwritten moves to the beginning of the line and clears it.
const overwritten = "\r\x1b[K"

// statusLine has no more than 80 columns at usual rates, so that a line on a terminal can be overwritten.
func statusLine(sent, arrived counts, passed time.Duration) string {
	perSecond := func(n int64) string { return report.Thousands(int(float64(n)/passed.Seconds() + 0.5)) }
	share := 100 * float64(arrived.all()) / float64(max(1, sent.all()))
	return fmt.Sprintf("per second: %s spans, %s data points, %s log records; %s arrive (%.0f %%)",
		perSecond(sent.spans), perSecond(sent.points), perSecond(sent.records), perSecond(arrived.all()), share)
}
