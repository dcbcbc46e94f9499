// SPDX-License-Identifier: Apache-2.0

package namespace

import "github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"

// Outcome is how a key was answered. The three outcomes lead to different decisions and are never merged.
type Outcome uint8

const (
	// Unavailable means that Postgres could not be asked, or did not answer in time.
	Unavailable Outcome = iota
	// Unknown means that Postgres has no such key, or no namespace for it.
	Unknown
	// Resolved means that the namespace was found.
	Resolved
)

// Answer is the outcome for one key. Name is the namespace if it is Resolved. The zero Answer is Unavailable.
type Answer struct {
	Name    string
	Outcome Outcome
	// Group is the group that Postgres has for the key, whatever it has for its namespace (G1).
	Group group.Group
	// WasUnknown is true if the key is Unavailable now, but was Unknown when it was asked for last.
	WasUnknown bool
}
