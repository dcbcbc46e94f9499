// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// timeFormat shows the milliseconds of a time only if there are any.
const timeFormat = time.RFC3339Nano

// never is the threshold of rate 0.
const never = "never"

// noun returns the name of one item of the signal, nouns that of several.
func (w words) noun() string { return strings.TrimSuffix(w.nouns(), "s") }

func (w words) nouns() string { return nounsOf(rate.Signal(w.question.Signal)) }

func nounsOf(s rate.Signal) string {
	switch s {
	case rate.Metrics:
		return "data points"
	case rate.Logs:
		return "log records"
	}
	return "spans"
}

func (w words) pronoun() string {
	if w.Decision != nil {
		return "it"
	}
	return "them"
}

// percent is the rate. One that follows from a budget has no digits that tell nothing.
func (w words) percent() string {
	digits := 6
	if w.by.rate.Share != nil {
		digits = 3
	}
	return percentOf(w.SampleRate, digits)
}

func percent(probability float64) string { return percentOf(probability, 6) }

// percentOf returns a probability as a percentage. One below 1 is never shown as 100 %.
func percentOf(probability float64, digits int) string {
	text := figure(probability*100, digits) + " %"
	if probability < 1 && text == "100 %" {
		return "nearly " + text
	}
	return text
}

// figure returns a number with at most some significant digits, as the page shows it.
func figure(number float64, digits int) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(number, 'e', digits-1, 64), 64)
	switch {
	case err != nil: // cannot be
		rounded = number
	case rounded != 0 && rounded < 1e-6:
		return strings.Replace(strconv.FormatFloat(rounded, 'e', -1, 64), "e-0", "e-", 1)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

func pow2(exponent int) float64 { return math.Ldexp(1, exponent) }

// quoted returns a name or a pattern as it is shown, in quotation marks if it could be taken for anything else in a sentence.
func quoted(name string) string {
	name = namespace.Shown(name)
	isPlain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-/*?.:", r)
	}
	if strings.TrimFunc(name, isPlain) == "" && !strings.HasSuffix(name, ".") && !strings.HasSuffix(name, ":") {
		return name
	}
	return strconv.Quote(name)
}

// joined joins items: a, b and c.
func joined(items []string, conjunction string) string {
	last := len(items) - 1
	if last < 1 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:last], ", ") + " " + conjunction + " " + items[last]
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an"
	}
	return "a"
}

// sentences joins sentences without their full stops. Empty ones are left out.
func sentences(all ...string) string {
	var b strings.Builder
	for _, s := range all {
		switch {
		case s == "":
			continue
		case b.Len() > 0:
			b.WriteByte(' ')
		}
		b.WriteString(s)
		b.WriteByte('.')
	}
	return b.String()
}
