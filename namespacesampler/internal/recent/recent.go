// SPDX-License-Identifier: Apache-2.0

// Package recent remembers what was counted lately, so that an operator sees what happens now: the items of each namespace in the last
// ten seconds, those of all namespaces in the last two minutes, and the problems.
package recent

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
)

const (
	// Interval is the time between samples.
	Interval = 2 * time.Second
	// inWindow is the number of samples that are kept of each namespace, so that a window is up to ten seconds long.
	inWindow = 5
	// MaxHistory is the number of samples that are kept of all namespaces together.
	MaxHistory = 60
)

// History takes samples of counters. It is safe for concurrent use. With 10,000 namespaces, it takes 2.4 MB.
type History struct {
	labels   *labels.Set
	problems func() problems.Sums

	mu      sync.Mutex
	samples []*sample // the latest last; the first one is the beginning of the window
	lines   [labels.NumSignals]Line
}

// sample is what was counted up to a time. It is immutable.
type sample struct {
	at       time.Time
	ofLabel  []counts // by the index of a label; labels that did not exist then are beyond the end
	problems problems.Sums
}

// counts are the numbers of items by signal.
type counts [labels.NumSignals]struct{ kept, dropped int64 }

// PerSecond are items a second.
type PerSecond struct {
	Kept    float64 `json:"kept"`
	Dropped float64 `json:"dropped"`
}

// Line is what happened to the items of a signal in each of the last intervals, the latest last, in items a second.
type Line struct {
	Kept    []float64 `json:"kept"`
	Dropped []float64 `json:"dropped"`
}

// New returns a history that begins now, of labels and of the numbers of problems that a function returns.
func New(set *labels.Set, p func() problems.Sums) *History {
	h := &History{labels: set, problems: p}
	h.samples = []*sample{h.sample()}
	return h
}

// Run takes samples until ctx ends.
func (h *History) Run(ctx context.Context) {
	ticker := time.NewTicker(Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			h.take()
		}
	}
}

func (h *History) sample() *sample {
	list := h.labels.List()
	s := &sample{at: time.Now(), ofLabel: make([]counts, len(list)), problems: h.problems()}
	for i, label := range list {
		for signal := range labels.NumSignals {
			s.ofLabel[i][signal].kept, s.ofLabel[i][signal].dropped = label.Kept(signal), label.Dropped(signal)
		}
	}
	return s
}

// total returns what was counted of a signal.
func (s *sample) total(signal labels.Signal) (kept, dropped int64) {
	for i := range s.ofLabel {
		kept += s.ofLabel[i][signal].kept
		dropped += s.ofLabel[i][signal].dropped
	}
	return kept, dropped
}

// of returns what was counted of a label: nothing if it did not exist.
func (s *sample) of(l *labels.Label) counts {
	if l.Index < len(s.ofLabel) {
		return s.ofLabel[l.Index]
	}
	return counts{}
}

// take takes a sample, in place of the oldest one.
func (h *History) take() {
	s := h.sample()
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.samples[len(h.samples)-1]
	seconds := secondsBetween(before.at, s.at)
	for signal := range labels.NumSignals {
		line := &h.lines[signal]
		kept, dropped := s.total(signal)
		keptBefore, droppedBefore := before.total(signal)
		line.Kept = appendTo(line.Kept, rate(kept-keptBefore, seconds))
		line.Dropped = appendTo(line.Dropped, rate(dropped-droppedBefore, seconds))
	}
	h.samples = append(h.samples, s)
	if len(h.samples) > inWindow {
		h.samples = append([]*sample(nil), h.samples[1:]...)
	}
}

// appendTo returns the last MaxHistory values. The old slice may be in use by readers, and is not changed.
func appendTo(values []float64, value float64) []float64 {
	first := max(0, len(values)+1-MaxHistory)
	return append(append(make([]float64, 0, len(values)-first+1), values[first:]...), value)
}

// Lines returns what happened in the last intervals, by signal.
func (h *History) Lines() [labels.NumSignals]Line {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lines
}

// Window is the time from one of the last samples to now: up to ten seconds, less soon after the start. It is immutable.
type Window struct {
	Seconds float64

	from, to *sample
}

// Window returns the window that ends now.
func (h *History) Window() *Window {
	to := h.sample()
	h.mu.Lock()
	defer h.mu.Unlock()
	from := h.samples[0]
	return &Window{from: from, to: to, Seconds: secondsBetween(from.at, to.at)}
}

// Of returns the items of a label in the window.
func (w *Window) Of(l *labels.Label, s labels.Signal) PerSecond {
	now, before := w.to.of(l)[s], w.from.of(l)[s]
	return PerSecond{Kept: rate(now.kept-before.kept, w.Seconds), Dropped: rate(now.dropped-before.dropped, w.Seconds)}
}

// Total returns the items of all labels in the window.
func (w *Window) Total(s labels.Signal) PerSecond {
	kept, dropped := w.to.total(s)
	keptBefore, droppedBefore := w.from.total(s)
	return PerSecond{Kept: rate(kept-keptBefore, w.Seconds), Dropped: rate(dropped-droppedBefore, w.Seconds)}
}

// Problems returns how many problems of a kind occurred in the window, and since the start.
func (w *Window) Problems(k problems.Kind) (inWindow, sinceStart int64) {
	return w.to.problems[k] - w.from.problems[k], w.to.problems[k]
}

// PerSecond returns a number of events in the window in events a second.
func (w *Window) PerSecond(n int64) float64 { return rate(n, w.Seconds) }

// secondsBetween returns the length of a span of time in seconds, of which there is at least one: the rate of what came in an instant says nothing.
func secondsBetween(from, to time.Time) float64 { return max(1, to.Sub(from).Seconds()) }

func rate(n int64, seconds float64) float64 { return rounded(float64(n) / seconds) }

// rounded returns a rate to three decimals, so that answers have no digits that tell nothing.
func rounded(perSecond float64) float64 { return math.Round(perSecond*1000) / 1000 }
