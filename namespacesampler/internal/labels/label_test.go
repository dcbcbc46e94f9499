// SPDX-License-Identifier: Apache-2.0

package labels

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestALabelCountsByRuleAndDecision(t *testing.T) {
	items, counted := counter(t)
	set := New(10, nil)
	var counts Counts
	for rule := range numRules {
		counts[rule][Kept] = int64(rule) + 1
	}
	counts[Exact][Dropped] = 100
	set.Of("payments").Report(t.Context(), Spans, &counts, items, time.Now())
	set.Of("payments").Report(t.Context(), Spans, &Counts{}, items, time.Now())

	assert.Equal(t, map[string]int64{
		"payments kept exact": 1, "payments kept pattern": 2, "payments kept global": 3, "payments kept trace": 4, "payments kept always_keep": 5,
		"payments kept always_keep_trace": 6, "payments kept internal": 7, "payments kept priority": 8, "payments kept disabled": 9,
		"payments kept unavailable": 10, "payments kept passed": 11,
		"payments dropped exact": 100,
	}, counted(), "and no series for what did not occur")
}

func TestALabelRemembersItsActivityBySignal(t *testing.T) {
	items, _ := counter(t)
	label := New(10, nil).Of("payments")
	assert.True(t, label.LastSeen().IsZero())

	at := time.Unix(1_800_000_000, 5)
	var counts Counts
	counts[Exact][Kept], counts[Global][Kept], counts[Global][Dropped] = 1, 2, 4
	label.Report(t.Context(), Spans, &counts, items, at)
	label.Report(t.Context(), Spans, &counts, items, at)
	assert.EqualValues(t, 6, label.Kept(Spans))
	assert.EqualValues(t, 8, label.Dropped(Spans))
	assert.Zero(t, label.Kept(DataPoints))
	assert.Zero(t, label.Dropped(DataPoints))
	assert.True(t, label.LastSeen().Equal(at))

	label.Report(t.Context(), DataPoints, &counts, items, at.Add(-time.Second))
	assert.EqualValues(t, 3, label.Kept(DataPoints))
	assert.True(t, label.LastSeen().Equal(at), "the latest of both signals")
	label.Report(t.Context(), DataPoints, &Counts{}, items, at.Add(time.Hour))
	assert.True(t, label.LastSeen().Equal(at), "a report of nothing is no activity")
}
