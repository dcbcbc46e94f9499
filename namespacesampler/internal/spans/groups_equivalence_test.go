// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// keyedSpan is a span with lookup keys; "" is none.
type keyedSpan struct {
	modelSpan
	order, item string
}

// lookupRow is a row of the table of keys; "" is NULL.
type lookupRow struct{ name, group string }

// keyedRows are all combinations of names and groups, by their keys.
func keyedRows() (rows map[string]lookupRow, script string) {
	rows, script = map[string]lookupRow{}, `CREATE TABLE orders (key text, ns text, workflow text);`
	for _, name := range []string{"", "a", "b", "p1", "other"} {
		for _, group := range []string{"", "order-13", "order-36", "order-10", "order-23", "order-22", "order-48", "0199C3E0-CCDB-7581-87AB-000000000001"} {
			key := fmt.Sprintf("key %d", len(rows))
			rows[key] = lookupRow{name, group}
			script += fmt.Sprintf(`INSERT INTO orders VALUES ('%s', NULLIF('%s', ''), NULLIF('%s', ''));`, key, name, group)
		}
	}
	return rows, script
}

// resolved returns the span as it were if it carried what the lookups tell (G1, 4.2): what it lacks itself comes from the row of its first
// key; as long as something is missing and no row has named a namespace, from that of the next.
func (s keyedSpan) resolved(rows map[string]lookupRow) modelSpan {
	out := s.modelSpan
	for _, key := range []string{s.order, s.item} {
		own := out.ownGroup()
		row, ok := rows[key]
		if !ok || out.name() != "" && own.has {
			continue
		}
		if out.name() == "" && row.name != "" {
			out.namespace = row.name
		}
		if !own.has && row.group != "" {
			out.group = row.group
		}
		if row.name != "" {
			break
		}
	}
	return out
}

// keys chooses the lookup keys of spans. Rows beyond the last are unknown.
func (c *choices) keys(spans []modelSpan, rows int) []keyedSpan {
	keyed := make([]keyedSpan, len(spans))
	for i, s := range spans {
		keyed[i].modelSpan = s
		if c.bit() {
			keyed[i].order = fmt.Sprintf("key %d", c.of(rows+4))
		}
		if c.of(4) == 3 {
			keyed[i].item = fmt.Sprintf("key %d", c.of(rows+4))
		}
	}
	return keyed
}

func keyedBatch(spans []keyedSpan) ptrace.Traces {
	plain := make([]modelSpan, len(spans))
	for i := range spans {
		plain[i] = spans[i].modelSpan
	}
	td, n := modelBatch(plain), 0
	for _, rs := range td.ResourceSpans().All() {
		for _, span := range rs.ScopeSpans().At(0).Spans().All() {
			for attribute, key := range map[string]string{"order": spans[n].order, "item": spans[n].item} {
				if key != "" {
					span.Attributes().PutStr(attribute, key)
				}
			}
			n++
		}
	}
	return td
}

// TestLookupsTellWhatSpansCouldCarryThemselves compares what leaves, batch by batch, with the model of spans that carry the namespaces and
// groups of their lookups themselves: no lookup that is saved makes a difference. Each batch has traces of its own.
func TestLookupsTellWhatSpansCouldCarryThemselves(t *testing.T) { // G1, G3, G4, T15, T16, T20
	rows, script := keyedRows()
	dsn := samplertest.NewDatabase(t, 0, script).DSN
	for seed := range uint64(30) {
		source := rand.New(rand.NewPCG(seed, 18))
		bytes := make(choices, 12_000)
		for i := range bytes {
			bytes[i] = byte(source.Uint32())
		}
		settings := keyedSettings(&bytes, seed)
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) { compareLookups(t, dsn, &bytes, settings, rows) }) {
			return
		}
	}
}

// keyedSettings chooses a configuration with groups that holds nothing and exempts nothing: spans that are kept at any rate do not inherit
// a namespace that was not looked up because no rate keeps their trace.
func keyedSettings(c *choices, seed uint64) modelSettings {
	s := c.settings()
	s.hasGroups, s.sampledBefore, s.isSingly = true, int(seed%3), seed%5 == 4
	s.maxTraces, s.wait, s.maxSpans, s.keepsTraces, s.hasPriority, s.dropsInternal = 100_000, 0, 0, false, false, false
	return s
}

func compareLookups(t *testing.T, dsn string, c *choices, settings modelSettings, rows map[string]lookupRow) {
	t.Helper()
	h := samplertest.Start(t, withGroupLookups(dsn, nil, settings.yaml()))
	sent := int64(0)
	for batch := 0; len(*c) > 0; batch++ {
		spans := c.spans(0, &settings)
		for i := range spans {
			spans[i].alwaysKept = false
			if spans[i].trace != modelTraceless {
				spans[i].trace[1], spans[i].trace[2] = byte(batch>>8), byte(batch)
			}
		}
		keyed := c.keys(spans, len(rows))
		sent += int64(len(spans))

		m := newModel(settings)
		m.begin()
		resolved := make([]modelSpan, len(keyed))
		for i := range keyed {
			resolved[i] = keyed[i].resolved(rows)
		}
		m.batch(modelOrigin{}, resolved, false)
		got := map[int]departure{}
		for _, span := range h.ConsumeTraces(keyedBatch(keyed)) {
			raw := span.Attributes().AsRaw()
			n := int(raw["n"].(int64))
			d := departure{state: span.TraceState().AsRaw(), resource: spans[n].resource}
			d.namespace, _ = raw["namespace"].(string)
			got[n] = d
		}
		for n := range m.drawn {
			if _, ok := got[n]; !ok {
				delete(m.departures, n)
			}
		}
		require.Equal(t, m.departures, got, "batch %d\n%+v\n%+v", batch, keyed, settings)
	}
	counted := int64(0)
	for _, n := range h.Counts("spans") {
		counted += n
	}
	require.Equal(t, sent, counted)
}
