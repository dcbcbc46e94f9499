// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestPointsAreDetailedWhenTheyCarryANamespaceOrAnIdentifier(t *testing.T) {
	t.Parallel()
	const known, absent = "019e8232-b127-7bf1-998a-8a6fae25841d", "019e8232-b172-7503-a989-3d8e9c562e2b"
	o := &Oracle{
		config: Config{
			PointRates:    Rates{Global: 0, Exact: map[string]float64{"payments": 1}},
			MissingValues: []string{"", "unknown"},
		},
		directory: directory{"correlation_id": {known: "payments"}},
	}
	for name, test := range map[string]struct {
		item, resource map[string]any
		label, write   string
		keep           bool
	}{
		"own namespace":                   {m("namespace", "payments"), nil, "payments", "", true},
		"namespace of the resource":       {m(), m("namespace", "payments"), "payments", "", true},
		"namespace not listed":            {m("namespace", "aggregate"), nil, "aggregate", "", false},
		"resolved is written":             {m("correlation_id", known), nil, "payments", "payments", true},
		"a missing value stays (M5)":      {m("correlation_id", known, "namespace", "unknown"), nil, "payments", "", true},
		"also on the resource":            {m("correlation_id", known), m("namespace", "unknown"), "payments", "", true},
		"unknown key":                     {m("correlation_id", absent), nil, LabelUnknown, "", false},
		"missing value and no identifier": {m("namespace", "unknown"), nil, LabelNotSampled, "", true},
		"health":                          {m("breaker", "database"), m("namespace", "unknown"), LabelNotSampled, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			item, resource := pcommon.NewMap(), pcommon.NewMap()
			require.NoError(t, item.FromRaw(test.item))
			require.NoError(t, resource.FromRaw(test.resource))
			got := o.point(1, item, pcommon.NewMap(), resource, Keys{})
			assert.Equal(t, test.label, got.Group.Label)
			assert.Equal(t, test.write, got.Write)
			assert.Equal(t, test.keep, got.Keep)
		})
	}
}

func TestWithARemainderPointsAreLookedUpWhateverBecomesOfThem(t *testing.T) {
	t.Parallel()
	const known = "019e8232-b127-7bf1-998a-8a6fae25841d"
	for _, hasRemainder := range []bool{false, true} {
		o := &Oracle{config: Config{Remainder: hasRemainder}, directory: directory{"correlation_id": {known: "payments"}}}
		item := pcommon.NewMap()
		item.PutStr("correlation_id", known)
		keys := Keys{}
		got := o.point(1, item, pcommon.NewMap(), pcommon.NewMap(), keys)
		assert.False(t, got.Keep)
		if hasRemainder {
			assert.Equal(t, "payments", got.Write)
			assert.Equal(t, Keys{known: true}, keys)
		} else {
			assert.Equal(t, LabelNotLookedUp, got.Group.Label)
			assert.Empty(t, keys)
		}
	}
}
