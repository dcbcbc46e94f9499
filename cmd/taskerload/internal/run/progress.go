// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// meter prints how far a run is: one line that is written over on a terminal, else a line every few seconds.
type meter struct {
	once sync.Once
	quit chan struct{}
	done chan struct{}
}

func startProgress(w io.Writer, s sizes, r *result) *meter {
	m := &meter{quit: make(chan struct{}), done: make(chan struct{})}
	go m.loop(w, s, r)
	return m
}

func (m *meter) loop(w io.Writer, s sizes, r *result) {
	defer close(m.done)
	terminal := isTerminal(w)
	every, format := 5*time.Second, "%s\n"
	if terminal {
		every, format = 250*time.Millisecond, "\r\x1b[K%s"
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			say(w, format, progressLine(s, r))
		case <-m.quit:
			if terminal {
				say(w, "\r\x1b[K")
			}
			return
		}
	}
}

func progressLine(s sizes, r *result) string {
	spans, points := r.spans.standing(), r.points.standing()
	return fmt.Sprintf("sent %s of %s spans, %s of %s data points; received %s, still expected %s",
		thousands(spans.sent), thousands(s.spans), thousands(points.sent), thousands(s.datapoints),
		thousands(spans.arrivals+points.arrivals), thousands(spans.outstanding+points.outstanding))
}

func (m *meter) stop() {
	m.once.Do(func() { close(m.quit) })
	<-m.done
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
