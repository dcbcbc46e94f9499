// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// The page says how many series the dropped ones are added up in, and that some were forgotten (R7).
func TestThePageShowsTheRemainder(t *testing.T) {
	t.Parallel()
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: `
sample_rate: 0
metrics: {remainder: {enabled: true, without: [task_uuid], max_tracked: 3}}
`})
	client := harness.NewClient(t, collector)
	send := func(tasks ...string) {
		md := pmetric.NewMetrics()
		m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		m.SetName("steps")
		m.SetEmptySum().SetIsMonotonic(true)
		m.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		for i, task := range tasks {
			dp := m.Sum().DataPoints().AppendEmpty()
			dp.Attributes().PutStr("task_uuid", task)
			dp.Attributes().PutStr("namespace", fmt.Sprint("domain ", i%2))
			dp.SetTimestamp(1)
			dp.SetIntValue(1)
		}
		client.Metrics(md)
	}
	send("a", "b", "c")
	b := open(t, "http://"+collector.Inspect()+"/")
	b.await(`/remainder on: 2 series/.test(document.querySelector("#state").textContent)`)
	assert.False(t, eval[bool](b, `/forgets/.test(document.querySelector("#state").textContent)`))
	send("d")
	b.await(`/remainder forgets/.test(document.querySelector("#state").textContent)`)
	b.await(`/1( \(\S+\))? dropped series were forgotten/.test(document.querySelector("#problems").textContent)`)
}
