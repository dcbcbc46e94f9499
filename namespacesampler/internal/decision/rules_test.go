// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// ruleTest is a span that a rule keeps (want, fault) or drops, at four digits.
type ruleTest struct {
	name    string
	sampler Sampler
	id      string
	in      string
	rate    float64
	keep    bool
	want    string
	fault   Fault
}

func runRules(t *testing.T, tests []ruleTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.sampler.Decide(traceID(t, tt.id), tt.in, mustRate(t, tt.rate, 4))
			assert.Equal(t, tt.keep, got.Keep)
			assert.Equal(t, tt.fault, got.Fault)
			if tt.keep {
				assert.Equal(t, tt.want, got.Tracestate)
			}
		})
	}
}

const lowest, highest = "00000000000001", "ffffffffffffff"

// T1. Flags are not among what Decide is given, so they cannot bear on it.
func TestInvalidRandomness(t *testing.T) {
	runRules(t, []ruleTest{
		{
			"another vendor's rv is none", equalizing, idA,
			"congo=rv:00000000000000", 0.5, kept, "ot=th:8,congo=rv:00000000000000", NoFault,
		},
		{
			"a sub-key that begins with rv is none", equalizing, idA,
			"ot=rvx:00000000000000", 0.5, kept, "ot=th:8;rvx:00000000000000", NoFault,
		},
		{
			"the first nine bytes of a trace ID are none", equalizing, "ffffffffffffffffff00000000000001",
			"", 0.5, dropped, "", NoFault,
		},
		{
			"an rv wins in proportional mode too", proportional, lowest,
			"ot=rv:ffffffffffffff", 0.5, kept, "ot=rv:ffffffffffffff;th:8", NoFault,
		},
	})
}

// T1: IDs of 64 bits on the left have the randomness 0, which every rate below 1 drops.
func TestTraceIDsWithoutRandomness(t *testing.T) {
	const left = "a1b2c3d4e5f607180000000000000000"
	runRules(t, []ruleTest{
		{"dropped at any rate below 1", equalizing, left, "", 0.99, dropped, "", NoRandomness},
		{"kept at 1", equalizing, left, "", 1, kept, "", NoRandomness},
		{"counted with a tracestate", equalizing, left, "a=b", 0.99, dropped, "", NoRandomness},
		{"kept at 1 with a tracestate", equalizing, left, "a=b,ot=x:1", 1, kept, "a=b,ot=x:1", NoRandomness},
		{"the ninth byte is no randomness", equalizing, "a1b2c3d4e5f60718ff00000000000000", "", 0.99, dropped, "", NoRandomness},
		{"one bit is some", equalizing, "a1b2c3d4e5f607180000000000000001", "", 0.99, dropped, "", NoFault},
		{"an rv is some", equalizing, left, "ot=rv:ffffffffffffff", 0.5, kept, "ot=rv:ffffffffffffff;th:8", NoFault},
		{"an rv of zero was chosen", equalizing, left, "ot=rv:00000000000000", 0.5, dropped, "", NoFault},
		{"a malformed tracestate comes first", equalizing, left, "ot=th:zz", 0.99, dropped, "ot=th:zz", Malformed},
		{"a false threshold comes first", equalizing, left, "ot=th:8", 0.99, dropped, "", Inconsistent},
		{"no trace ID is none to have any", equalizing, "00000000000000000000000000000000", "", 1, kept, "", NoFault},
		{"at rate 0 nothing is read", equalizing, left, "", 0, dropped, "", NoFault},
	})
}

// T4, T5.
func TestThresholdsThatDoNotRise(t *testing.T) {
	runRules(t, []ruleTest{
		{"a span between two thresholds is dropped", equalizing, "a0000000000000", "ot=th:8", 0.25, dropped, "", NoFault},
		{
			"an equal rate leaves white space", equalizing, idA,
			" congo=t61 ,, ot=x:1;th:8", 0.5, kept, " congo=t61 ,, ot=x:1;th:8", NoFault,
		},
		{
			"a higher rate leaves the order", equalizing, idA,
			"congo=t61,ot=x:1;th:c", 0.9, kept, "congo=t61,ot=x:1;th:c", NoFault,
		},
		{"a higher rate leaves trailing zeros", equalizing, idA, "ot=th:c00", 0.9, kept, "ot=th:c00", NoFault},
		{
			"the least probability can be expressed", proportional, highest,
			"ot=th:fffffffffffffe", 0.5, kept, "ot=th:ffffffffffffff", NoFault,
		},
		{"half the least probability cannot", proportional, highest, "ot=th:fffffffffffffe", 0.4999, dropped, "", NoFault},
		{
			"the rate 1 does not round what the span came with", proportional, idA,
			"ot=th:80018000000001", 1, kept, "ot=th:80018000000001", NoFault,
		},
		// At four digits the product is 8001 again, below what the span came with.
		{
			"rounding does not raise a probability", proportional, idA,
			"ot=th:80010000000001", 0.999999, kept, "ot=th:80010000000001", NoFault,
		},
	})
}

// T6.
func TestStamping(t *testing.T) {
	runRules(t, []ruleTest{
		{"white space and empty members are no state", equalizing, idA, " ,\t, ", 0.3, kept, "ot=th:b333", NoFault},
		{"an ot member without a threshold", equalizing, idA, "ot=x:1;yy:2", 0.3, kept, "ot=th:b333;x:1;yy:2", NoFault},
		{"a threshold between others", equalizing, idA, "ot=x:1;th:4;yy:2", 0.3, kept, "ot=th:b333;x:1;yy:2", NoFault},
		{
			"the rv comes first", equalizing, idA,
			"ot=x:1;th:4;rv:ce929d0e0e4736", 0.3, kept, "ot=rv:ce929d0e0e4736;th:b333;x:1", NoFault,
		},
		{
			"sub-keys like th stay", equalizing, idA,
			"ot=thx:1;th:4;t:2;th0:", 0.3, kept, "ot=th:b333;thx:1;t:2;th0:", NoFault,
		},
		{
			"capitals of a threshold are read as pkg/sampling reads them", equalizing, idA,
			"ot=th:4A", 0.5, kept, "ot=th:8", NoFault,
		},
		{
			"what looks like an ot within a value stays", equalizing, idA,
			"b=ot:th:f;th:f,a=1", 0.5, kept, "ot=th:8,b=ot:th:f;th:f,a=1", NoFault,
		},
	})
}

// T7.
func TestFalseThresholds(t *testing.T) {
	runRules(t, []ruleTest{
		{"one above the randomness is false", equalizing, idA, "ot=th:ce929d0e0e4737", 0.5, kept, "", Inconsistent},
		{
			"equal to the randomness is true", equalizing, idA,
			"ot=th:ce929d0e0e4736", 0.5, kept, "ot=th:ce929d0e0e4736", NoFault,
		},
		{
			"an rv, not the trace ID, says what is false", equalizing, highest,
			"ot=rv:90000000000000;th:a", 0.5, kept, "ot=rv:90000000000000", Inconsistent,
		},
		{"what is dropped is counted", equalizing, lowest, "ot=th:f", 0.5, dropped, "", Inconsistent},
		{
			"proportional mode keeps by the rate alone", proportional, idA,
			"congo=t61,ot=x:1;th:f", 0.5, kept, "ot=x:1,congo=t61", Inconsistent,
		},
		{"proportional mode drops by the rate alone", proportional, lowest, "ot=th:8", 0.5, dropped, "", Inconsistent},
		{
			"at the rate 1 white space stays as well", proportional, lowest,
			"congo=t61 , ot=th:8", 1, kept, "congo=t61 , ot=th:8", Inconsistent,
		},
	})
}
