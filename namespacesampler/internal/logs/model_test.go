// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// model says what becomes of records, in the plainest way: one record at a time, with numbers in place of thresholds. Its rates are multiples
// of 1/16, so that their thresholds are exact.
type model struct {
	isParentBased, isProportional, isGrouped bool

	shared  map[string]int // rates in sixteenths; "" is the global rate
	logs    map[string]int // those for log records alone
	traces  map[pcommon.TraceID]*modelTrace
	counted map[string]int64
	faults  map[string]int64
}

// modelTrace is what is remembered of a trace.
type modelTrace struct {
	namespace string // empty if nothing has named it
	isKept    bool
	group     string
}

const whole = 1 << 56

// rateOf returns the rate of a namespace, and whether it is for log records alone.
func (m *model) rateOf(namespace string) (sixteenths int, rule string, isOwn bool) {
	if r, ok := m.logs[namespace]; ok && namespace != "" {
		return r, "exact", true
	}
	if r, ok := m.shared[namespace]; ok && namespace != "" {
		return r, "exact", false
	}
	if r, ok := m.logs[""]; ok {
		return r, "global", true
	}
	return m.shared[""], "global", false
}

// spanRate is the rate of spans.
func (m *model) spanRate(namespace string) (sixteenths int, rule string) {
	if r, ok := m.shared[namespace]; ok && namespace != "" {
		return r, "exact"
	}
	return m.shared[""], "global"
}

// consume returns the attributes of a record that is kept, and false if it is dropped.
func (m *model) consume(id pcommon.TraceID, in map[string]any) (out map[string]any, keep bool) {
	out = map[string]any{}
	for k, v := range in {
		out[k] = v
	}
	trace := m.traces[id]
	if trace == nil || !m.isParentBased || id.IsEmpty() {
		trace = &modelTrace{}
	}
	own, _ := in["namespace"].(string)
	namespace, label := own, own
	if namespace == "" {
		namespace, label = trace.namespace, trace.namespace
	}
	if label == "" {
		label = "_none"
	}
	sixteenths, rule, isOwn := m.rateOf(namespace)
	if trace.namespace != "" && !isOwn {
		var spanRule string
		sixteenths, spanRule = m.spanRate(trace.namespace)
		if rule = "trace"; own == trace.namespace {
			rule = spanRule
		}
	}
	inherit := func() {
		if own == "" && trace.namespace != "" {
			out["namespace"] = trace.namespace
		}
	}
	count := func(keep bool, rule string) {
		m.counted[map[bool]string{true: "kept ", false: "dropped "}[keep]+label+" "+rule]++
	}
	if trace.isKept {
		count(true, "always_keep_trace")
		inherit()
		return out, true
	}

	th, rv, hasTH, hasRV, isMalformed := stampOf(in)
	key := m.groupOf(trace, in)
	isSampled := hasRV || th > 0
	randomness, isOfTrace := idRandomness(id), true
	switch {
	case hasRV:
		randomness, isOfTrace = rv, true // it is on the record
	case key != "" && !isSampled:
		randomness = hashOf(key)
		isOfTrace = randomness == idRandomness(id) && !id.IsEmpty()
	}
	if sixteenths == 0 {
		count(false, rule)
		return nil, false
	}
	m.countFault(isMalformed, "malformed")
	m.countFault(isSampled && key != "" && hashOf(key) != randomness, "group_overruled")
	threshold := uint64(16-sixteenths) << 52
	isFalse := hasTH && randomness < th
	m.countFault(isFalse, "inconsistent")
	switch {
	case isFalse:
		keep = randomness >= threshold
		if keep && sixteenths < 16 {
			delete(out, "sampling.threshold")
		}
	case sixteenths == 16:
		keep = true
	default:
		if m.isProportional {
			product := (whole - th) / 16 * uint64(sixteenths)
			threshold = whole - product
		}
		threshold = max(threshold, th)
		if keep = randomness >= threshold; keep && !isMalformed {
			out["sampling.threshold"] = strings.TrimRight(fmt.Sprintf("%014x", threshold), "0")
			if !isOfTrace {
				out["sampling.randomness"] = fmt.Sprintf("%014x", randomness)
			}
		}
	}
	count(keep, rule)
	inherit()
	return out, keep
}

func (m *model) countFault(is bool, fault string) {
	if is {
		m.faults[fault]++
	}
}

// groupOf returns the key of the group that counts for a record.
func (m *model) groupOf(trace *modelTrace, in map[string]any) string {
	key, _ := in["workflow"].(string)
	switch {
	case !m.isGrouped:
		return ""
	case trace.group != "" || trace.namespace != "":
		return trace.group
	}
	return key
}

// stampOf returns the numbers of a stamp. The model knows digits of 1 to 14 as well-formed.
func stampOf(in map[string]any) (th, rv uint64, hasTH, hasRV, isMalformed bool) {
	number := func(attribute string, isWellFormed func(int) bool) (uint64, bool) {
		digits, _ := in[attribute].(string)
		if digits == "" {
			return 0, false
		}
		n, err := strconv.ParseUint(digits+strings.Repeat("0", max(0, 14-len(digits))), 16, 64)
		if err != nil || !isWellFormed(len(digits)) {
			isMalformed = true
		}
		return n, true
	}
	th, hasTH = number("sampling.threshold", func(n int) bool { return n <= 14 })
	rv, hasRV = number("sampling.randomness", func(n int) bool { return n == 14 })
	if isMalformed {
		return 0, 0, false, false, true
	}
	return th, rv, hasTH, hasRV, false
}

func idRandomness(id pcommon.TraceID) (r uint64) {
	for _, b := range id[9:] {
		r = r<<8 | uint64(b)
	}
	return r
}

func hashOf(key string) uint64 {
	n, _ := strconv.ParseUint(group.Of(key).Randomness().RValue(), 16, 64)
	return n
}

// FuzzLogs sends spans and records of a few traces in any order, and holds each record to the model.
func FuzzLogs(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { play(t, rand.New(rand.NewPCG(18, seed))) })
}

func play(t *testing.T, rng *rand.Rand) {
	maybe := func(n int) bool { return rng.IntN(n) == 0 }
	m := &model{
		isParentBased: !maybe(4), isProportional: maybe(2), isGrouped: maybe(2),
		shared: map[string]int{"": rng.IntN(17)}, logs: map[string]int{}, traces: map[pcommon.TraceID]*modelTrace{},
		counted: map[string]int64{}, faults: map[string]int64{},
	}
	names := []string{"payments", "orders", "analytics"}
	for _, name := range names {
		if maybe(2) {
			m.shared[name] = rng.IntN(17)
		}
		if maybe(4) {
			m.logs[name] = rng.IntN(17)
		}
	}
	if maybe(4) {
		m.logs[""] = rng.IntN(17)
	}
	h := samplertest.Start(t, m.settings())

	ids := make([]pcommon.TraceID, 6)
	for i := range ids {
		ids[i] = pcommon.TraceID{0: 1, 8: byte(i), 9: byte(rng.Uint32()), 10: byte(rng.Uint32()), 15: 1}
	}
	for range 12 {
		if maybe(2) {
			m.sendSpan(t, h, rng, ids[rng.IntN(len(ids))], names)
			continue
		}
		var records []samplertest.Record
		var want []map[string]any
		for range 1 + rng.IntN(6) {
			record := samplertest.Record{ID: ids[rng.IntN(len(ids))], Attributes: anyAttributes(rng, names)}
			records = append(records, record)
			if out, keep := m.consume(record.ID, record.Attributes); keep {
				want = append(want, out)
			}
		}
		require.Equal(t, want, attributesOf(h.ConsumeLogs(samplertest.LogsOf(t, records...))), "%+v\n%v", *m, records)
	}
	require.Equal(t, m.counted, h.Counts("log_records"))
	require.Equal(t, m.faults, h.Counts("log_record_faults"))
}

// anyAttributes returns the attributes of a record.
func anyAttributes(rng *rand.Rand, names []string) map[string]any {
	a := map[string]any{"other": "value"}
	for range rng.IntN(5) {
		switch rng.IntN(5) {
		case 0:
			a["namespace"] = names[rng.IntN(len(names))]
		case 1:
			a["workflow"] = fmt.Sprint("workflow-", rng.IntN(20))
		case 2:
			a["sampling.threshold"] = []any{"8", "4", "c", "c0", "fff", "0", "xyz", int64(8), "", "123456789abcdef"}[rng.IntN(10)]
		case 3:
			a["sampling.randomness"] = []any{"80000000000000", "f0000000000000", "10000000000000", "8", 1.5, "ffffffffffffff"}[rng.IntN(6)]
		}
	}
	return a
}

// sendSpan sends a span, and notes what is remembered of its trace.
func (m *model) sendSpan(t *testing.T, h *samplertest.Sampler, rng *rand.Rand, id pcommon.TraceID, names []string) {
	span := samplertest.Span{ID: id, Attributes: map[string]any{}}
	trace := m.traces[id]
	if trace == nil {
		trace = &modelTrace{}
		m.traces[id] = trace
	}
	if rng.IntN(2) == 0 {
		span.Attributes["namespace"] = names[rng.IntN(len(names))]
		if trace.namespace == "" {
			trace.namespace = span.Attributes["namespace"].(string)
		}
	}
	if rng.IntN(2) == 0 {
		span.Attributes["workflow"] = fmt.Sprint("workflow-", rng.IntN(20))
		if m.isGrouped && trace.group == "" {
			trace.group = span.Attributes["workflow"].(string)
		}
	}
	td := samplertest.TracesOf(t, span)
	if m.isParentBased && rng.IntN(8) == 0 {
		td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Status().SetCode(2)
		trace.isKept = true
	}
	h.ConsumeTraces(td)
}

// settings returns the configuration of the model.
func (m *model) settings() settings {
	tracing := settings{"mode": "equalizing", "sampling_precision": 14}
	if m.isProportional {
		tracing["mode"] = "proportional"
	}
	if m.isParentBased {
		tracing["always_keep_traces"] = []any{isError}
	} else {
		tracing["sampler"] = "trace_id_ratio"
	}
	all := settings{"tracing": tracing, "logs": settings{}}
	if m.isGrouped {
		all["consistent_by"] = []any{"workflow"}
	}
	for key, rates := range map[string]map[string]int{"": m.shared, "logs": m.logs} {
		section := all
		if key != "" {
			section = all[key].(settings)
		}
		byName := settings{}
		for name, sixteenths := range rates {
			if name == "" {
				section["sample_rate"] = float64(sixteenths) / 16
			} else {
				byName[name] = float64(sixteenths) / 16
			}
		}
		section["namespaces"] = byName
	}
	return all
}
