// SPDX-License-Identifier: Apache-2.0

package taskerdb

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"
)

// NewUUID returns a version 7 UUID (RFC 9562) for a row created at that time, in the 36-character lower-case form that Tasker
// sends. It is unique but predictable: use it for test data only.
func NewUUID(at time.Time) string {
	u := newUUID(at)
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// newUUID returns 48 bits of Unix time in milliseconds followed by random bits, with the version and variant set.
func newUUID(at time.Time) [16]byte {
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], uint64(at.UnixMilli())<<16|rand.Uint64()&0xffff)
	binary.BigEndian.PutUint64(u[8:], rand.Uint64())
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return u
}
