// SPDX-License-Identifier: Apache-2.0

package spans_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

// The server accepts connections and never answers, and a question may take an hour. A batch that waited for it would not return.
func TestNoBatchWaitsForTheFleet(t *testing.T) { // B7
	hanging, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, hanging.Close()) })
	settings := samplertest.WithPostgres("postgres://"+hanging.Addr().String()+"/none?sslmode=disable",
		map[string]any{"layout": "none", "query_timeout": "1h", "fleet": map[string]any{"enabled": true}}, budgets(map[string]any{
			"namespaces": map[string]any{"analytics": map[string]any{"items_per_second": 1}},
		}))
	settings["budgets"] = map[string]any{"interval": "1h"}
	s, f := samplertest.Start(t, settings), &traffic{}
	const budget = 3600 // in an hour
	kept := 0
	for range 20 {
		kept += len(s.ConsumeTraces(samplertest.TracesOf(t, f.spans("analytics", budget, 1, "")...)))
	}
	assert.Greater(t, kept, budget)
	assert.Less(t, kept, 4*budget, "the guard is on duty, too")
}
