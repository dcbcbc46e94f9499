// SPDX-License-Identifier: Apache-2.0

package batchtest

import (
	"encoding/binary"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// SpreadID returns the trace ID of a number. The randomness of the IDs of consecutive numbers is spread evenly, however many there are.
func SpreadID(number uint64) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:8], number)
	binary.BigEndian.PutUint64(id[8:], number*0x9e3779b97f4a7c15>>8) // multiples of the golden ratio fill an interval evenly
	return id
}
