// SPDX-License-Identifier: Apache-2.0

package labels

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Label is the value of the attribute sampling_namespace under which the items of a namespace are counted. Labels are safe for
// concurrent use.
type Label struct {
	// Index numbers the labels of a set from 0.
	Index int

	name     string // as it is shown
	original string // the first namespace that is shown as name, if it was truncated
	options  atomic.Pointer[options]
	activity [NumSignals]activity
}

// activity is what happened to the items of one signal since start.
type activity struct {
	decisions [numDecisions]atomic.Int64
	last      atomic.Int64 // Unix time in nanoseconds; 0 means never
}

// Report adds the counts of a batch to the item counter of a signal.
func (l *Label) Report(ctx context.Context, s Signal, counts *Counts, items metric.Int64Counter, now time.Time) {
	options := l.options.Load()
	a := &l.activity[s]
	for r := range counts {
		for d, n := range counts[r] {
			if n == 0 {
				continue
			}
			items.Add(ctx, n, options[r][d]...)
			a.decisions[d].Add(n)
			a.last.Store(now.UnixNano())
		}
	}
}

// Kept returns the number of items of a signal that were kept since start.
func (l *Label) Kept(s Signal) int64 { return l.activity[s].decisions[Kept].Load() }

// Dropped returns the number of items of a signal that were dropped since start.
func (l *Label) Dropped(s Signal) int64 { return l.activity[s].decisions[Dropped].Load() }

// LastSeen returns when items of any signal were last counted; zero means never.
func (l *Label) LastSeen() time.Time {
	var last int64
	for i := range l.activity {
		last = max(last, l.activity[i].last.Load())
	}
	if last == 0 {
		return time.Time{}
	}
	return time.Unix(0, last)
}

// options are the attribute sets of a label, built once.
type options [numRules][numDecisions][]metric.AddOption

func newOptions(name string) *options {
	var o options
	for r, ruleName := range ruleNames {
		for d, decisionName := range decisionNames {
			o[r][d] = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(
				attribute.String("sampling_namespace", name),
				attribute.String("decision", decisionName),
				attribute.String("rule", ruleName),
			))}
		}
	}
	return &o
}
