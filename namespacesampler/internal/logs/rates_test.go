// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// A trace ID that rates from 0.3 on keep.
var id03 = [16]byte{0: 1, 9: 0xc0}

// The tests decide by an ID that 0.25 keeps and 0.2 drops.
func TestTheRateOfARecord(t *testing.T) { // L1, L3
	remembered := func(namespace string) []samplertest.Span {
		return []samplertest.Span{{ID: id03, Root: true, Attributes: named(namespace)}}
	}
	const keeps, drops = 0.25, 0.2
	for name, tt := range map[string]struct {
		settings settings
		spans    []samplertest.Span
		record   map[string]any
		want     string
	}{
		"its own namespace": {
			settings{"namespaces": settings{"payments": keeps}, "sample_rate": 0}, nil, named("payments"), "kept payments exact",
		},
		"a pattern": {
			settings{"namespaces": settings{"pay*": drops}}, nil, named("payments"), "dropped payments pattern",
		},
		"the global rate": {settings{"sample_rate": drops}, nil, nil, "dropped _none global"},
		"the global rate of log records": {
			settings{"sample_rate": drops, "logs": settings{"sample_rate": keeps}}, nil, nil, "kept _none global",
		},
		"an override of log records": {
			settings{"namespaces": settings{"payments": drops}, "logs": settings{"namespaces": settings{"payments": keeps}}},
			nil,
			named("payments"), "kept payments exact",
		},
		"none of spans": {
			settings{"sample_rate": keeps, "tracing": settings{"sample_rate": drops, "namespaces": settings{"payments": drops}}},
			nil,
			named("payments"), "kept payments global",
		},
		"that of its trace, which is named": {
			settings{"namespaces": settings{"payments": keeps}, "sample_rate": 0}, remembered("payments"), nil, "kept payments trace",
		},
		"that of its trace, dropped": {
			settings{"namespaces": settings{"payments": drops}}, remembered("payments"), nil, "dropped payments trace",
		},
		"that of its trace, though it names another namespace": {
			settings{"namespaces": settings{"payments": keeps, "orders": drops}}, remembered("payments"), named("orders"), "kept orders trace",
		},
		"that of its trace, whose namespace it names": {
			settings{"namespaces": settings{"payments": keeps}, "sample_rate": 0}, remembered("payments"), named("payments"), "kept payments exact",
		},
		"that of spans, if its trace is remembered": {
			settings{"tracing": settings{"namespaces": settings{"payments": drops}}}, remembered("payments"), named("payments"), "dropped payments trace",
		},
		"not that of its trace, if log records have an override": {
			settings{"namespaces": settings{"payments": drops}, "logs": settings{"namespaces": settings{"payments": keeps}}},
			remembered("payments"), nil, "kept payments exact",
		},
		"not that of its trace, if log records have a pattern": {
			settings{"namespaces": settings{"payments": drops}, "logs": settings{"namespaces": settings{"p*": keeps, "payments": keeps}}},
			remembered("payments"), nil, "kept payments exact",
		},
		"that of its trace, if log records have an override of another namespace": {
			settings{"sample_rate": drops, "logs": settings{"namespaces": settings{"orders": keeps}}}, remembered("payments"), nil, "dropped payments trace",
		},
		"not that of its trace, if log records have an override of the namespace that it names": {
			settings{"sample_rate": drops, "logs": settings{"namespaces": settings{"orders": keeps}}},
			remembered("payments"), named("orders"),
			"kept orders exact",
		},
		"not that of its trace, if log records have a global rate": {
			settings{"sample_rate": drops, "logs": settings{"sample_rate": keeps}}, remembered("payments"), nil, "kept payments global",
		},
		"that of its trace, if a shared override takes precedence over the global rate of log records": {
			settings{"namespaces": settings{"payments": drops}, "logs": settings{"sample_rate": keeps}}, remembered("payments"), nil, "dropped payments trace",
		},
		"by its own namespace, if its trace is not named": {
			settings{"namespaces": settings{"orders": keeps}, "sample_rate": 0}, []samplertest.Span{{ID: id03}}, named("orders"), "kept orders exact",
		},
		"by its own namespace with trace_id_ratio": {
			settings{"namespaces": settings{"payments": keeps, "orders": drops}, "tracing": settings{"sampler": "trace_id_ratio"}},
			remembered("payments"), named("orders"), "dropped orders exact",
		},
		"none of a trace with trace_id_ratio": {
			settings{"namespaces": settings{"payments": drops}, "tracing": settings{"sampler": "trace_id_ratio"}},
			remembered("payments"), nil, "kept _none global",
		},
		"that of its trace, whose name is too long to be remembered": {
			settings{"namespaces": settings{"long*": keeps}, "sample_rate": drops},
			remembered("long" + strings.Repeat("x", 300)), nil,
			"kept long" + strings.Repeat("x", 124) + " trace",
		},
		"not that of its trace, whose name is too long to be remembered, if log records have a global rate": {
			settings{"sample_rate": keeps, "logs": settings{"sample_rate": drops}},
			remembered("long" + strings.Repeat("x", 300)), nil,
			"dropped long" + strings.Repeat("x", 124) + " global",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := samplertest.Start(t, tt.settings)
			if tt.spans != nil {
				h.ConsumeTraces(samplertest.TracesOf(t, tt.spans...))
			}
			h.ConsumeLogs(samplertest.LogsOf(t, of(id03, tt.record)...))
			assert.Equal(t, map[string]int64{tt.want: 1}, h.Counts("log_records"))
		})
	}
}

func TestRecordsNeverNameATrace(t *testing.T) { // L3
	h := samplertest.Start(t, settings{"namespaces": settings{"payments": 0}})
	h.ConsumeLogs(samplertest.LogsOf(t, of(id03, named("payments"))...))
	assert.Len(t, h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: id03})), 1)
	assert.Len(t, h.ConsumeLogs(samplertest.LogsOf(t, of(id03, nil)...)), 1)
	assert.Equal(t, map[string]int64{"kept _none global": 1}, h.Counts("spans"))
}

// The rate of a trace is the one that it was remembered with, as for its spans.
func TestTheRateOfARememberedTraceOutlivesTheConfiguredRates(t *testing.T) { // L3, B8
	script, err := os.ReadFile("../../../testdata/overrides.sql")
	require.NoError(t, err)
	database := samplertest.NewDatabase(t, 0, string(script))
	h := samplertest.Start(t, samplertest.WithPostgres(database.DSN, settings{"overrides": settings{"enabled": true, "interval": "5ms"}},
		settings{"namespaces": settings{"payments": 0}}))
	h.ConsumeTraces(samplertest.TracesOf(t, samplertest.Span{ID: id03, Attributes: named("payments")}))
	consume := func() int { return len(h.ConsumeLogs(samplertest.LogsOf(t, of(id03, nil)...))) }
	require.Zero(t, consume())

	fresh := func() int {
		return len(h.ConsumeLogs(samplertest.LogsOf(t, of(samplertest.RandomID(), named("payments"))...)))
	}
	database.Exec(`INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate) VALUES ('payments', 'all', 1)`)
	eventually(t, func() bool { return fresh() == 1 }, "an override for all signals applies to new traces")
	assert.Zero(t, consume())
	database.Exec(`INSERT INTO namespace_sampling_overrides (namespace, signal, sample_rate) VALUES ('payments', 'logs', 1)`)
	eventually(t, func() bool { return consume() == 1 }, "one for log records applies to all")
}

func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, 30*time.Second, 5*time.Millisecond, what)
}
