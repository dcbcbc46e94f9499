// SPDX-License-Identifier: Apache-2.0

package run

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/report"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/terminal"
	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/workload"
)

// progress prints the state of a run: on a terminal a single line that is overwritten, else a line every few seconds.
type progress struct {
	sizes                  workload.Sizes
	spans, points, records progressReporter

	once sync.Once
	quit chan struct{}
	done chan struct{}
}

func startProgress(w io.Writer, sizes workload.Sizes, spans, points, records progressReporter) *progress {
	p := &progress{sizes: sizes, spans: spans, points: points, records: records, quit: make(chan struct{}), done: make(chan struct{})}
	go p.loop(w)
	return p
}

func (p *progress) loop(w io.Writer) {
	defer close(p.done)
	overwrites := terminal.Is(w)
	every, format := 5*time.Second, "%s\n"
	if overwrites {
		every, format = 250*time.Millisecond, "\r\x1b[K%s"
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			printf(w, format, p.line())
		case <-p.quit:
			if overwrites {
				printf(w, "\r\x1b[K")
			}
			return
		}
	}
}

func (p *progress) line() string {
	spans, points, records := p.spans.Progress(), p.points.Progress(), p.records.Progress()
	return fmt.Sprintf("sent %s spans, %s data points and %s log records; received %s items, %s outstanding",
		ofTotal(spans.Sent, p.sizes.Spans), ofTotal(points.Sent, p.sizes.DataPoints), ofTotal(records.Sent, p.sizes.Records),
		report.Thousands(spans.Arrived+points.Arrived+records.Arrived),
		report.Thousands(spans.Outstanding+points.Outstanding+records.Outstanding))
}

// ofTotal leaves out a total that is not known, as with workflows.
func ofTotal(n, total int) string {
	if total == 0 {
		return report.Thousands(n)
	}
	return report.Thousands(n) + " of " + report.Thousands(total)
}

func (p *progress) stop() {
	p.once.Do(func() { close(p.quit) })
	<-p.done
}

// printf ignores errors: if the terminal is gone, there is nowhere to report them.
func printf(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}
