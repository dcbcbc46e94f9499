// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Limits of W3C Trace Context Level 2 (3.3.1) and of the OpenTelemetry specification (the ot member).
const (
	maxTracestateBytes = 1024
	maxMembers         = 32
	maxKeyBytes        = 256
	maxValueBytes      = 256
)

// tracestate is a parsed tracestate. It is parsed and edited here rather than by pkg/sampling, which allocates for each member
// (the budget of a stamped span is one allocation), rejects 32 members and keys that begin with a digit, and loses members of
// some malformed states. pkg/sampling decodes the digits.
type tracestate struct {
	raw     string
	ot      string // the value of the ot member; empty if there is none
	members int

	earlier
}

// parseTracestate parses a tracestate of W3C Trace Context Level 2. It returns false if the state or its ot member is malformed
// (T8).
func parseTracestate(raw string) (tracestate, bool) {
	ts := tracestate{raw: raw}
	if len(raw) > maxTracestateBytes {
		return ts, false
	}
	for member := range members(raw) {
		if member == "" {
			continue // empty members are valid
		}
		key, value, ok := strings.Cut(member, "=")
		if !ok || !isKey(key) || !isValue(value) {
			return ts, false
		}
		if ts.members++; ts.members > maxMembers {
			return ts, false
		}
		if key == "ot" {
			if ts.ot != "" || !ts.parseOT(value) { // a second ot is malformed (T11)
				return ts, false
			}
		}
	}
	return ts, true
}

// parseOT parses the value of the ot member: key:value pairs separated by semicolons.
func (ts *tracestate) parseOT(value string) bool {
	ts.ot = value
	for at, more := 0, true; more; {
		var sub string
		sub, _, more = strings.Cut(value[at:], ";")
		key, digits, ok := strings.Cut(sub, ":")
		if !ok || !isOTKey(key) || !isOTValue(digits) || isRepeated(value, at, key) {
			return false
		}
		at += len(sub) + len(";")
		var err error
		switch key {
		case "rv":
			ts.hasRandomness = true
			ts.randomness, err = sampling.RValueToRandomness(digits)
		case "th":
			ts.hasThreshold = true
			ts.threshold, err = sampling.TValueToThreshold(digits)
		}
		if err != nil {
			return false
		}
	}
	return true
}

// isRepeated reports whether the sub-key at a position of a valid ot value occurs before it (T11). The standard library compares many
// bytes at a time, so that no set of keys is needed.
func isRepeated(value string, at int, key string) bool {
	if at == 0 {
		return false
	}
	before, sub := value[:at-1], value[at-1:at+len(key)+1] // sub is ";key:"
	return strings.HasPrefix(before, sub[1:]) || strings.Contains(before, sub)
}

// groupTracestate returns the tracestate of a span without one that is kept at a rate by its group (G3).
func groupTracestate(g group.Group, r *rate.Rate) string {
	var buf [len("ot=rv:;th:") + 2*sampling.NumHexDigits]byte
	out := g.AppendRandomness(append(buf[:0], "ot=rv:"...))
	out = append(out, ";th:"...)
	return string(append(out, r.TValue...))
}

// with returns the state with a threshold, the ot member left-most (T11), and false if that would exceed a limit (T10). If a group has
// decided, its randomness is written, too; the state has none then (G3). It allocates once.
func (ts *tracestate) with(by group.Group, tvalue string) (string, bool) {
	if ts.ot == "" && ts.members == maxMembers {
		return "", false
	}
	var buf [maxTracestateBytes + len("ot=rv:;th:;,") + 2*sampling.NumHexDigits]byte
	out := append(buf[:0], "ot="...)
	if by.IsKnown() {
		out = append(by.AppendRandomness(append(out, "rv:"...)), ';')
	}
	out = ts.appendOT(out, tvalue)
	if len(out) > len("ot=")+maxValueBytes {
		return "", false
	}
	out = ts.appendOthers(out)
	if len(out) > maxTracestateBytes {
		return "", false
	}
	return string(out), true
}

// without returns the state without a threshold. An empty ot member is removed.
func (ts *tracestate) without() string {
	var buf [maxTracestateBytes]byte
	out := append(buf[:0], "ot="...)
	if out = ts.appendOT(out, ""); len(out) == len("ot=") {
		out = out[:0]
	}
	return string(ts.appendOthers(out))
}

// appendOT appends the value of the ot member: rv, the threshold, and the rest in its order.
func (ts *tracestate) appendOT(out []byte, tvalue string) []byte {
	start := len(out)
	add := func(parts ...string) {
		if len(out) > start {
			out = append(out, ';')
		}
		for _, part := range parts {
			out = append(out, part...)
		}
	}
	if ts.hasRandomness {
		for sub := range strings.SplitSeq(ts.ot, ";") {
			if strings.HasPrefix(sub, "rv:") {
				add(sub)
			}
		}
	}
	if tvalue != "" {
		add("th:", tvalue)
	}
	if ts.ot != "" {
		for sub := range strings.SplitSeq(ts.ot, ";") {
			if !strings.HasPrefix(sub, "rv:") && !strings.HasPrefix(sub, "th:") {
				add(sub)
			}
		}
	}
	return out
}

// appendOthers appends the members other than ot, unchanged and in their order.
func (ts *tracestate) appendOthers(out []byte) []byte {
	for member := range members(ts.raw) {
		if member == "" || strings.HasPrefix(member, "ot=") {
			continue
		}
		if len(out) > 0 {
			out = append(out, ',')
		}
		out = append(out, member...)
	}
	return out
}

// members yields the members of a tracestate without surrounding white space.
func members(raw string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for member := range strings.SplitSeq(raw, ",") {
			if !yield(strings.Trim(member, " \t")) {
				return
			}
		}
	}
}
