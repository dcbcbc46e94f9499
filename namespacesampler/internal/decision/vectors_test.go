// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// idA is the trace ID A of the vectors; its randomness is ce929d0e0e4736.
const idA = "4bf92f3577b34da6a3ce929d0e0e4736"

// traceID reads a trace ID, padded with zeros on the left as in "…x".
func traceID(t testing.TB, digits string) (id pcommon.TraceID) {
	t.Helper()
	b, err := hex.DecodeString(strings.Repeat("0", 32-len(digits)) + digits)
	require.NoError(t, err)
	copy(id[:], b)
	return id
}

func mustRate(t testing.TB, probability float64, precision int) *rate.Rate {
	t.Helper()
	r, err := rate.New(probability, precision)
	require.NoError(t, err)
	return &r
}

// vector is a row of the test vectors of the sampling rules.
type vector struct {
	number    int
	id        string
	in        string
	rate      float64
	precision int  // 4 where it is 0
	mode      Mode // equalizing where it is empty
	keep      bool
	out       string // of a kept span
	fault     Fault
}

const (
	dropped = false
	kept    = true
)

// valid32 is a tracestate of 32 valid members, none of them ot.
var valid32 = func() string {
	var members []string
	for i := range 32 {
		members = append(members, fmt.Sprintf("k%d=v", i))
	}
	return strings.Join(members, ",")
}()

// long is an ot value that has no room for a threshold.
var long = "ot=x:" + strings.Repeat("a", 250)

var vectors = []vector{
	{1, idA, "", 0.5, 0, "", kept, "ot=th:8", NoFault},
	{2, idA, "", 0.1, 0, "", dropped, "", NoFault},
	{3, idA, "", 1.0 / 3, 0, "", kept, "ot=th:aaab", NoFault},
	{4, idA, "", 1.0 / 3, 14, "", kept, "ot=th:aaaaaaaaaaaaac", NoFault},
	{5, "ffc0000000000000", "", 0.25, 0, "", kept, "ot=th:c", NoFault},
	{6, "ffbfffffffffffff", "", 0.25, 0, "", dropped, "", NoFault},
	{7, "fd70a000000000", "", 0.01, 0, "", kept, "ot=th:fd70a", NoFault},
	{8, "fd709fffffffff", "", 0.01, 0, "", dropped, "", NoFault},
	{9, idA, "ot=rv:00000000000000", 0.25, 0, "", dropped, "", NoFault},
	{10, "1", "ot=rv:ffffffffffffff", 0.25, 0, "", kept, "ot=rv:ffffffffffffff;th:c", NoFault},
	{11, idA, "ot=th:c", 0.5, 0, "", kept, "ot=th:c", NoFault},
	{12, idA, "ot=th:8", 0.25, 0, "", kept, "ot=th:c", NoFault},
	{13, idA, "congo=t61,ot=th:8,rojo=00f0", 0.25, 0, "", kept, "ot=th:c,congo=t61,rojo=00f0", NoFault},
	{
		14, idA, "ot=th:8;rv:ce929d0e0e4736;xx:1,congo=t61,rojo=00f0", 0.25, 0, "", kept,
		"ot=rv:ce929d0e0e4736;th:c;xx:1,congo=t61,rojo=00f0", NoFault,
	},
	{15, idA, "ot=th:8", 0.5, 0, Proportional, kept, "ot=th:c", NoFault},
	{16, idA, "ot=th:c", 0.5, 0, Proportional, dropped, "", NoFault},
	{17, "ffffffffffffff", "ot=th:ffffffffffffff", 0.1, 0, Proportional, dropped, "", NoFault},
	{18, "ffffffffffffff", "", 0x1p-56, 14, "", kept, "ot=th:ffffffffffffff", NoFault},
	{18, "fffffffffffffe", "", 0x1p-56, 14, "", dropped, "", NoFault},
	{19, "0", "ot=rv:ffffffffffffff", 0.5, 0, "", kept, "ot=rv:ffffffffffffff;th:8", NoFault},
	{20, idA, "x:y", 1, 0, "", kept, "x:y", Malformed},
	{21, idA, "x:y", 0, 0, "", dropped, "", NoFault},
	{22, idA, "ot=th:f", 0.5, 0, "", kept, "", Inconsistent},
	{23, idA, "ot=th:zz,congo=t61", 0.5, 0, "", kept, "ot=th:zz,congo=t61", Malformed},
	{24, idA, valid32, 1, 0, "", kept, valid32, NoFault},
	{25, idA, valid32, 0.5, 0, "", kept, valid32, Limit},
	{26, idA, "ot=th:c,ot=th:0", 0.5, 0, "", kept, "ot=th:c,ot=th:0", Malformed},
	{27, idA, long, 0.3, 0, "", kept, long, Limit},
	{28, idA, "", 1, 0, "", kept, "", NoFault},
	{29, idA, "1vendor=5", 0.5, 0, "", kept, "ot=th:8,1vendor=5", NoFault},
	{30, "0", "", 1, 0, "", kept, "", NoFault},
}

func TestVectors(t *testing.T) {
	seen := map[int]bool{}
	for _, v := range vectors {
		seen[v.number] = true
		t.Run(fmt.Sprintf("vector %02d", v.number), func(t *testing.T) {
			precision, mode := max(v.precision, 4), v.mode
			if mode == "" {
				mode = Equalizing
			}
			sampler, r := NewSampler(mode, precision), mustRate(t, v.rate, precision)
			got := sampler.Decide(traceID(t, v.id), v.in, r)
			assert.Equal(t, v.keep, got.Keep)
			assert.Equal(t, !v.keep, sampler.Drops(traceID(t, v.id), v.in, r))
			assert.Equal(t, v.fault, got.Fault)
			if v.keep {
				assert.Equal(t, v.out, got.Tracestate)
			}
		})
	}
	for number := range 30 {
		assert.True(t, seen[number+1], "vector %d is missing", number+1)
	}
}
