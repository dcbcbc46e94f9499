// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"math"
	"strings"
)

// Sizes of the plot, in pixels.
const (
	width, height   = 760, 420
	left, right     = 64, 744
	upper, lower    = 48, 264 // of the panel of items
	rateTop, rateAt = 296, 376
)

// panel is an area with a logarithmic axis.
type panel struct {
	top, bottom float64
	low, high   float64 // powers of ten
	intervals   int
}

func newPanel(top, bottom float64, intervals int, values []float64) panel {
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		if v > 0 {
			low, high = min(low, v), max(high, v)
		}
	}
	if high == 0 {
		low, high = 1, 1
	}
	p := panel{top, bottom, math.Floor(math.Log10(low) + 1e-9), math.Ceil(math.Log10(high) - 1e-9), intervals}
	if p.low == p.high {
		p.low--
	}
	return p
}

func (p *panel) x(interval float64) float64 {
	return left + (right-left)*interval/float64(p.intervals)
}

// y returns the place of a value. Zero is at the bottom.
func (p *panel) y(v float64) float64 {
	at := 0.0
	if v > 0 {
		at = min(max((math.Log10(v)-p.low)/(p.high-p.low), 0), 1)
	}
	return p.bottom - (p.bottom-p.top)*at
}

// axes draws the frame, and a line for each power of ten.
func (p *panel) axes(b *strings.Builder, title string) {
	fmt.Fprintf(b, `<text x="%d" y="%.0f">%s</text>`+"\n", left, p.top-8, title)
	for exponent := p.low; exponent <= p.high; exponent++ {
		v := math.Pow(10, exponent)
		y := p.y(v)
		fmt.Fprintf(b, `<path class="grid" d="M%d %.1fH%d"/><text class="end" x="%d" y="%.1f">%s</text>`+"\n", left, y, right, left-6, y+4, label(v))
	}
}

func label(v float64) string {
	if v >= 1 && v < 1e9 {
		text := fmt.Sprintf("%.0f", v)
		for i := len(text) - 3; i > 0; i -= 3 {
			text = text[:i] + "," + text[i:]
		}
		return text
	}
	return fmt.Sprintf("%g", v)
}

// line draws values as steps, one an interval.
func (p *panel) line(b *strings.Builder, class string, values []float64) {
	fmt.Fprintf(b, `<path class="%s" d="`, class)
	for i, v := range values {
		if i == 0 {
			fmt.Fprintf(b, "M%d %.1f", left, p.y(v))
		} else {
			fmt.Fprintf(b, "V%.1f", p.y(v))
		}
		fmt.Fprintf(b, "H%.1f", p.x(float64(i+1)))
	}
	b.WriteString("\"/>\n")
}

const style = `<style>
text{font:12px sans-serif;fill:#333}.end{text-anchor:end}.middle{text-anchor:middle}path{fill:none;stroke-width:1.8}
.grid{stroke:#ddd;stroke-width:1}.arrivals{stroke:#888}.kept{stroke:#0a6ebd}.rate{stroke:#b3541e}.budget{stroke:#2a8a3e;stroke-dasharray:6 4;stroke-width:1.4}
</style>
`

// SVG draws what arrived and was kept a second, the budget, and the rate.
func (r *Result) SVG() string {
	var arrivals, kept, rates []float64
	seconds := r.Settings.Interval.Seconds()
	for _, row := range r.Rows {
		arrivals, kept, rates = append(arrivals, row.Arrived/seconds), append(kept, row.Kept/seconds), append(rates, row.Rate)
	}
	budgets := make([]float64, len(r.Rows))
	for i := range budgets {
		budgets[i] = r.Settings.Budget
	}
	items := newPanel(upper, lower, len(r.Rows), append(append(append([]float64{}, arrivals...), kept...), r.Settings.Budget))
	rate := newPanel(rateTop, rateAt, len(r.Rows), append(rates, 1))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>%s: what arrives, what is kept, and the rate</title>\n", r.Shape.Name)
	b.WriteString(style)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	items.axes(&b, "items a second")
	rate.axes(&b, "rate")
	for i, name := range []string{"arrivals", "kept", "budget"} {
		x := left + 140 + 110*i
		fmt.Fprintf(&b, `<path class="%s" d="M%d %dh24"/><text x="%d" y="%d">%s</text>`+"\n", name, x, upper-12, x+30, upper-8, name)
	}
	items.line(&b, "arrivals", arrivals)
	items.line(&b, "budget", budgets)
	items.line(&b, "kept", kept)
	rate.line(&b, "rate", rates)
	const ticks = 8
	for i := range ticks + 1 {
		at := float64(len(r.Rows)) * float64(i) / ticks
		fmt.Fprintf(&b, `<text class="middle" x="%.1f" y="%d">%.0f</text>`+"\n", rate.x(at), rateAt+18, math.Round(at*seconds))
	}
	fmt.Fprintf(&b, `<text class="middle" x="%d" y="%d">seconds, in intervals of %s</text>`+"\n</svg>\n", (left+right)/2, rateAt+36, r.Settings.Interval)
	return b.String()
}
