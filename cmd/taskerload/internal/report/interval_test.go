// SPDX-License-Identifier: Apache-2.0

package report

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/ledger"
)

func TestBinomialIntervalIsTheExactQuantiles(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		n         int
		p         float64
		low, high int
	}{
		{10, 0.5, 0, 10},   // P(0) = 1/1024 is more than 0.0005
		{20, 0.5, 3, 17},   // P(≤ 2) = 211/2^20, P(≤ 3) = 1351/2^20
		{100, 0, 0, 0},     // never
		{100, 1, 100, 100}, // always
		{0, 0.5, 0, 0},
		{1, 0.0001, 0, 0},
		{1, 0.001, 0, 1},
	} {
		low, high := binomialInterval(v.n, v.p)
		assert.Equal(t, v.low, low, "%+v", v)
		assert.Equal(t, v.high, high, "%+v", v)
	}
}

func TestBinomialIntervalOfLargeNumbersIsAboutThreePointThreeDeviationsWide(t *testing.T) {
	t.Parallel()
	low, high := binomialInterval(100_000, 0.1) // mean 10,000, deviation 94.87, quantile 3.2905
	assert.InDelta(t, 10_000-312, low, 3)
	assert.InDelta(t, 10_000+312, high, 3)
}

func TestSpansOfOneTraceAreOneDraw(t *testing.T) {
	t.Parallel()
	r := ledger.Row{Sent: 200, Draws: map[ledger.Draw]int{}}
	for i := range uint64(20) {
		r.Draws[ledger.Draw{Randomness: i, Rate: 0.5}] = 10
	}
	low, high := keptInterval(&r)
	assert.Equal(t, 30, low)
	assert.Equal(t, 170, high)
}

func TestARowWithDrawsAtTwoRatesHasTheSpreadOfBoth(t *testing.T) {
	t.Parallel()
	r := ledger.Row{Sent: 300, Draws: map[ledger.Draw]int{}}
	for i := range uint64(20) {
		r.Draws[ledger.Draw{Randomness: i, Rate: 0.5}] = 10
	}
	for i := range uint64(10) {
		r.Draws[ledger.Draw{Randomness: i, Rate: 1}] = 10
	}
	low, high := keptInterval(&r)
	assert.Equal(t, 30+100, low, "at rate 1 nothing is left to chance")
	assert.Equal(t, 170+100, high)
	r.Draws[ledger.Draw{Randomness: 1, Rate: 0.25}], r.Sent = 100, 400 // one draw: 0 or 100, 25 in the mean
	low, high = keptInterval(&r)
	assert.Equal(t, 225-75, low, "70 below from the draws of ten, 25 from that of a hundred: 74.3 together")
	assert.Equal(t, 225+103, high, "70 and 75 above: 102.6 together")
}
