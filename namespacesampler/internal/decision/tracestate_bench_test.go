// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"fmt"
	"strings"
	"testing"
)

// manySubKeys is an ot value with as many different sub-keys as 256 characters hold, less room for a threshold.
var manySubKeys = func() string {
	var subs []string
	for c := 'a'; c <= 'z'; c++ {
		subs = append(subs, string(c)+":")
	}
	for c := 0; len(strings.Join(subs, ";")) <= maxValueBytes-len("th:8;aa:;"); c++ {
		subs = append(subs, fmt.Sprintf("%c%c:", 'a'+c/26, 'a'+c%26))
	}
	return strings.Join(subs, ";")
}()

func BenchmarkStamping(b *testing.B) {
	for _, bb := range []struct{ name, in string }{
		{"th", "ot=th:4"},
		{"th,_rv_and_another_vendor", "ot=rv:ce929d0e0e4736;th:4,vendor=value"},
		{"three_more_sub-keys", "ot=th:4;p:8;r:62;xx:1"},
		{"as_many_sub-keys_as_fit", "ot=" + manySubKeys},
	} {
		b.Run(bb.name, func(b *testing.B) {
			id, r := traceID(b, idA), mustRate(b, 0.5, 4)
			b.ReportAllocs()
			for b.Loop() {
				if d := equalizing.Decide(id, bb.in, r); !d.Keep || d.Fault != NoFault {
					b.Fatal(d)
				}
			}
		})
	}
}
