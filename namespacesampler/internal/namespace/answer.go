// SPDX-License-Identifier: Apache-2.0

package namespace

import "fmt"

// Outcome is how a key was answered. The three never collapse into two: what Postgres says, that it says there is
// nothing, and that it could not be asked lead to different decisions.
type Outcome uint8

const (
	// Unavailable means that Postgres could not be asked, or not in time.
	Unavailable Outcome = iota
	// Unknown means that Postgres says that there is no such key, or that it has no namespace.
	Unknown
	// Resolved means that the namespace is known.
	Resolved
)

// String returns the outcome's name in internal metrics.
func (o Outcome) String() string {
	switch o {
	case Unavailable:
		return "unavailable"
	case Unknown:
		return "unknown"
	case Resolved:
		return "resolved"
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// Answer is the outcome for one key; Name is the namespace where it is Resolved. The zero Answer is Unavailable.
type Answer struct {
	Name    string
	Outcome Outcome
}
