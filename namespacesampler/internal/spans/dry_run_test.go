// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// TestADryRunCountsWhatWouldHappenAndChangesNothing sends the same to two collectors, one of them dry: their counters agree, and
// what leaves the dry one is what came in, byte for byte.
func TestADryRunCountsWhatWouldHappenAndChangesNothing(t *testing.T) {
	dsn := samplertest.NewDatabase(t, 50).DSN
	settings := func(dry bool, more map[string]any) map[string]any {
		s := samplertest.WithPostgres(dsn, nil, map[string]any{
			"dry_run": dry, "sample_rate": 0.3, "namespaces": map[string]any{"ns-0": 1, "ns-1": 0},
			"tracing": map[string]any{"always_keep": []any{isError}, "honor_priority": true},
			"spans":   map[string]any{"internal": map[string]any{"match": []any{`span.name == "span 7"`}}},
		})
		for key, value := range more {
			s[key] = value
		}
		return s
	}
	for name, more := range map[string]map[string]any{
		"sampling":        nil,
		"trace_id_ratio":  {"tracing": map[string]any{"sampler": "trace_id_ratio"}},
		"switched off":    {"tracing": map[string]any{"enabled": false}, "metrics": map[string]any{"enabled": false}},
		"nothing is left": {"sample_rate": 0, "namespaces": map[string]any{}},
	} {
		t.Run(name, func(t *testing.T) {
			force, dry := samplertest.Start(t, settings(false, more)), samplertest.Start(t, settings(true, more))
			spans, points := dryRunTraces(t), dryRunMetrics()

			spansBefore, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(spans)
			require.NoError(t, err)
			force.ConsumeTraces(copyOf(spans, ptrace.NewTraces()))
			dry.ConsumeTraces(spans)
			require.Len(t, dry.Spans.AllTraces(), 1)
			spansAfter, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(dry.Spans.AllTraces()[0])
			require.NoError(t, err)
			assert.Equal(t, spansBefore, spansAfter)

			pointsBefore, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(points)
			require.NoError(t, err)
			force.ConsumeMetrics(copyOf(points, pmetric.NewMetrics()))
			out := dry.ConsumeMetrics(points)
			require.NotNil(t, out)
			pointsAfter, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(*out)
			require.NoError(t, err)
			assert.Equal(t, pointsBefore, pointsAfter)

			for _, metric := range []string{"spans", "datapoints", "lookup_keys", "tracestate_faults"} {
				assert.Equal(t, force.Counts(metric), dry.Counts(metric), metric)
			}
			assert.NotEmpty(t, dry.Counts("spans"))
		})
	}
}

func TestADryRunPassesWhatIsEmptyAndWarnsOfNothingElse(t *testing.T) {
	for _, enabled := range []bool{true, false} {
		h := samplertest.Start(t, map[string]any{
			"dry_run": true, "tracing": map[string]any{"enabled": enabled}, "metrics": map[string]any{"enabled": enabled},
		})
		assert.NotNil(t, h.ConsumeMetrics(pmetric.NewMetrics()))
		h.ConsumeTraces(ptrace.NewTraces())
		assert.Len(t, h.Spans.AllTraces(), 1)
		warnings := h.Logs.FilterLevelExact(zapcore.WarnLevel).All()
		require.Len(t, warnings, 1)
		assert.Contains(t, warnings[0].Message, "dry_run is true")
	}
}

func copyOf[D interface{ CopyTo(D) }](from, to D) D {
	from.CopyTo(to)
	return to
}

func dryRunTraces(t *testing.T) ptrace.Traces {
	var spans []samplertest.Span
	for i := range 200 {
		s := samplertest.Span{Attributes: map[string]any{"task_uuid": samplertest.TaskID(i % 60)}} // ten of which nobody knows
		switch i % 10 {
		case 3:
			s.Tracestate = "ot=th:zz"
		case 4:
			s.Attributes["sampling.priority"] = i % 2
		case 5:
			s.Attributes["namespace"] = "unknown"
		}
		spans = append(spans, s)
	}
	return failed(samplertest.TracesOf(t, spans...), 1, 11, 21)
}

func dryRunMetrics() pmetric.Metrics {
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	for _, typ := range samplertest.PointTypes {
		m := metrics.AppendEmpty()
		m.SetName(fmt.Sprint("metric of type ", typ))
		for i := range 60 {
			samplertest.AppendPoint(m, typ).PutStr("task_uuid", samplertest.TaskID(i))
		}
	}
	return md
}
