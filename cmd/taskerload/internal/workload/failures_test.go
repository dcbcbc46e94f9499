// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestATenthOfTheTracesFailsAtAnySpan(t *testing.T) {
	t.Parallel()
	failed, names, spans := map[pcommon.TraceID]bool{}, map[string]bool{}, 0
	for s := range spansOf(NewTasks(1, 1000), 20_000, testStart) {
		if s.Status().Code() == ptrace.StatusCodeError {
			failed[s.TraceID()], names[s.Name()] = true, true
			spans++
		}
	}
	assert.InDelta(t, 100, len(failed), 30)
	assert.InDelta(t, len(failed), spans, 5, "nearly always at one span")
	for _, name := range []string{"task.orchestration", "step.execution", "handler.execution", "send tasker_steps", "result.submission"} {
		assert.True(t, names[name], name)
	}
}
