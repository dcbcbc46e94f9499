// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/items"
)

// stamped is a record of a trace with what earlier samplers have written.
func stamped(t *testing.T, id pcommon.TraceID, attributes map[string]any) items.Record {
	t.Helper()
	r := items.Record{LogRecord: plog.NewLogRecord(), Scope: pcommon.NewMap(), Resource: pcommon.NewMap()}
	r.SetTraceID(id)
	require.NoError(t, r.Attributes().FromRaw(attributes))
	return r
}

func TestARecordIsDecidedAndStampedByWhatEarlierSamplersHaveWritten(t *testing.T) { // L2, L4, T5 to T8
	t.Parallel()
	const th, rv = "sampling.threshold", "sampling.randomness"
	const high, low = "ffffffffffffff", "00000000000000"
	for name, test := range map[string]struct {
		in       map[string]any
		id       pcommon.TraceID
		rate     float64
		workflow string
		keep     bool
		written  Stamps
	}{
		"by its trace ID":                          {m(), middle, 0.5, "", true, Stamps{Threshold: "8"}},
		"dropped by its trace ID":                  {m(), middle, 0.1, "", false, Stamps{Threshold: "e666"}},
		"untouched at rate 1":                      {m(), unlucky, 1, "", true, Stamps{}},
		"by its randomness, which stays":           {m(rv, high), unlucky, 0.1, "", true, Stamps{Threshold: "e666"}},
		"dropped by its randomness":                {m(rv, low), lucky, 0.5, "", false, Stamps{Threshold: "8"}},
		"its randomness and no trace ID":           {m(rv, high), pcommon.TraceID{}, 0.1, "", true, Stamps{Threshold: "e666"}},
		"a higher threshold stays":                 {m(th, "c"), lucky, 0.5, "", true, Stamps{}},
		"a lower threshold is raised":              {m(th, "8"), lucky, 0.1, "", true, Stamps{Threshold: "e666"}},
		"the same threshold stays":                 {m(th, "8"), lucky, 0.5, "", true, Stamps{}},
		"a threshold of 0 is raised":               {m(th, "0"), lucky, 0.5, "", true, Stamps{Threshold: "8"}},
		"a threshold stays at rate 1":              {m(th, "8"), lucky, 1, "", true, Stamps{}},
		"a false threshold is removed":             {m(th, "f"), middle, 0.5, "", true, Stamps{RemovesThreshold: true}},
		"a false threshold stays at rate 1":        {m(th, "f"), middle, 1, "", true, Stamps{}},
		"false by its randomness":                  {m(th, "f", rv, "e0000000000000"), unlucky, 0.5, "", true, Stamps{RemovesThreshold: true}},
		"a malformed threshold: nothing is done":   {m(th, "zz"), middle, 0.5, "", true, Stamps{}},
		"a malformed threshold: randomness too":    {m(th, "zz", rv, low), middle, 0.5, "", true, Stamps{}},
		"a malformed randomness":                   {m(rv, "123"), middle, 0.5, "", true, Stamps{}},
		"a malformed randomness: threshold too":    {m(th, "f", rv, "123"), middle, 0.5, "", true, Stamps{}},
		"a number is no threshold":                 {m(th, 50), middle, 0.5, "", true, Stamps{Threshold: "8"}},
		"empty is no threshold":                    {m(th, ""), middle, 0.5, "", true, Stamps{Threshold: "8"}},
		"a number is no randomness":                {m(rv, 7), middle, 0.5, "", true, Stamps{Threshold: "8"}},
		"by its workflow":                          {m(), unlucky, 0.5, keptByHalf, true, Stamps{Threshold: "8", Randomness: "8b22b130bd610c"}},
		"by its workflow, over a number":           {m(rv, 7), unlucky, 0.5, keptByHalf, true, Stamps{Threshold: "8", Randomness: "8b22b130bd610c"}},
		"by its workflow, beside a threshold of 0": {m(th, "0"), unlucky, 0.5, keptByHalf, true, Stamps{Threshold: "8", Randomness: "8b22b130bd610c"}},
		"by its workflow, malformed":               {m(th, "zz"), unlucky, 0.5, keptByHalf, true, Stamps{}},
		"not by its workflow at rate 1":            {m(), unlucky, 1, keptByNone, true, Stamps{}},
		"a threshold overrules its workflow":       {m(th, "8"), lucky, 0.1, keptByNone, true, Stamps{Threshold: "e666"}},
		"a false threshold does so as well":        {m(th, "f"), middle, 0.5, keptByNone, true, Stamps{RemovesThreshold: true}},
		"a randomness overrules its workflow":      {m(rv, high), unlucky, 0.1, keptByNone, true, Stamps{Threshold: "e666"}},
		"a first tier has kept the workflow":       {m(th, "8", rv, "8b22b130bd610c"), unlucky, 0.5, keptByHalf, true, Stamps{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := recordOf(stamped(t, test.id, test.in))
			d := r.decide(test.workflow, test.rate, 4)
			assert.False(t, d.isDrawn)
			assert.Equal(t, test.keep, d.keep)
			assert.Equal(t, test.written, d.written)
			assert.Equal(t, faultOf(name), d.fault)
		})
	}
}

// faultOf returns the fault that a test is named after.
func faultOf(name string) string {
	for fault, word := range map[string]string{FaultMalformed: "malformed", FaultFalse: "false"} {
		if strings.Contains(name, word) {
			return fault
		}
	}
	return ""
}

func TestARecordThatNothingConnectsToOthersIsDrawn(t *testing.T) { // L2
	t.Parallel()
	none := pcommon.TraceID{}
	for name, test := range map[string]struct {
		in   map[string]any
		rate float64
		want recordDecision
	}{
		"at a rate":             {m(), 0.5, recordDecision{isDrawn: true, written: Stamps{Threshold: "8"}}},
		"with malformed stamps": {m("sampling.randomness", "12"), 0.5, recordDecision{isDrawn: true, fault: FaultMalformed}},
		"not at rate 1":         {m(), 1, recordDecision{keep: true}},
		"not at rate 0":         {m(), 0, recordDecision{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := recordOf(stamped(t, none, test.in))
			got := r.decide("", test.rate, 4)
			test.want.randomness = got.randomness // it is not known
			assert.Equal(t, test.want, got)
		})
	}
	by := recordOf(stamped(t, none, m()))
	assert.False(t, by.decide(keptByHalf, 0.5, 4).isDrawn, "its workflow decides")
}

func TestARandomnessPassesThresholdsUpToItself(t *testing.T) {
	t.Parallel()
	assert.True(t, Passes("80000000000000", "8"))
	assert.False(t, Passes("7fffffffffffff", "8"))
	assert.False(t, Passes("8000000000000", "8"), "13 digits")
	assert.False(t, Passes("", "8"))
	assert.False(t, Passes("80000000000000", "x"))
}
