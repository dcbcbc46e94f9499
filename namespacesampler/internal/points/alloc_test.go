// SPDX-License-Identifier: Apache-2.0

//go:build !race

package points_test

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestPointsWithNamespacesAllocateNothing(t *testing.T) {
	for name, m := range measured {
		for _, typ := range samplertest.PointTypes {
			t.Run(name+" "+typ.String(), func(t *testing.T) {
				_, metrics := samplertest.Bare(t, map[string]any{"sample_rate": 0.1, "metrics": m.metrics})
				samplertest.AssertAllocates(t, m.most[typ], func() pmetric.Metrics { return m.batch(typ) }, metrics.ConsumeMetrics)
			})
		}
	}
}
