// SPDX-License-Identifier: Apache-2.0

package decision

// Fault is a fault of what an item tells of earlier sampling, in the tracestate of a span or the attributes of a log record, or of its trace ID.
type Fault uint8

const (
	// NoFault is a valid tracestate.
	NoFault Fault = iota
	// Malformed is a tracestate, or an attribute, that does not parse. It is not changed, and ignored (T8).
	Malformed
	// Inconsistent is a threshold above the randomness of the item, which cannot be true. It is erased unless the rate is 1 (T7).
	Inconsistent
	// Limit is a tracestate that stamping would grow beyond a limit. It is not changed (T10).
	Limit
	// NoRandomness is a trace ID whose bytes 9 to 15 are zero, without a randomness of the item's own: it is the least, so that every
	// rate below 1 drops the item. IDs of 64 bits that were extended on the right are like that.
	NoRandomness
	// GroupOverruled is an item that an earlier sampler has decided by another randomness than that of its group (G3). It can come with
	// another fault, so that it is not in the field Fault of a decision.
	GroupOverruled
)

// NumFaults is the number of values of Fault.
const NumFaults = GroupOverruled + 1

// Faults are the faults that are counted.
var Faults = []Fault{Malformed, Inconsistent, Limit, NoRandomness, GroupOverruled}

var faultNames = [NumFaults]string{
	NoFault: "none", Malformed: "malformed", Inconsistent: "inconsistent", Limit: "limit", NoRandomness: "no_randomness",
	GroupOverruled: "group_overruled",
}

// String returns the name of the fault in internal metrics.
func (f Fault) String() string { return faultNames[f] }
