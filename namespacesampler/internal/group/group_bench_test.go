// SPDX-License-Identifier: Apache-2.0

package group

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// BenchmarkRead reads the groups of items whose key is another one than that of the item before.
func BenchmarkRead(b *testing.B) {
	for name, key := range map[string]string{"uuid": "0199c3e0-ccdb-7581-87ab-%012x", "upper": "0199C3E0-CCDB-7581-87AB-%012X", "text": "order-%d"} {
		b.Run(name, func(b *testing.B) {
			items := make([]pcommon.Map, 1000)
			for i := range items {
				items[i] = pcommon.NewMap()
				items[i].PutStr("correlation_id", fmt.Sprintf(key, i))
			}
			reader := NewReader(Config{Attributes: []string{"correlation_id"}, MissingValues: []string{"", "unknown"}})
			var s Surroundings
			reader.Surround(&s, pcommon.NewMap(), pcommon.NewMap())
			for i := 0; b.Loop(); i++ {
				reader.Read(items[i%len(items)], &s)
			}
		})
	}
}
