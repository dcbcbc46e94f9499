// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"encoding/binary"
	"slices"

	"go.opentelemetry.io/collector/client"
)

// origin is where held spans came from. Spans of one origin are sent together.
type origin struct {
	outlet *Outlet
	client client.Info
	key    string   // empty if the client cannot be compared
	spans  int      // that have not been sent yet
	last   *Release // that has not been taken to be sent; nil if there is none
}

// origins finds the origins of an outlet again while there are spans of theirs, so that the spans of several requests of a client are sent
// together.
type origins map[string]*origin

// of returns the origin of spans that are to be held.
func (os *origins) of(o *Outlet, info client.Info, spans int) *origin {
	if info.Auth != nil { // cannot be compared
		return &origin{outlet: o, client: info, spans: spans}
	}
	key := keyOf(info)
	known, ok := (*os)[key]
	if !ok {
		if *os == nil {
			*os = origins{}
		}
		known = &origin{outlet: o, client: info, key: key}
		(*os)[key] = known
	}
	known.spans += spans
	return known
}

// left notes that spans have been sent.
func (os *origins) left(from *origin, spans int) {
	if from.spans -= spans; from.spans == 0 {
		delete(*os, from.key)
	}
}

// keyOf returns a text that is equal for equal clients without authentication, and for them only.
func keyOf(info client.Info) string {
	var key []byte
	add := func(text string) {
		key = binary.AppendUvarint(key, uint64(len(text)))
		key = append(key, text...)
	}
	network, address := "", ""
	if info.Addr != nil {
		network, address = info.Addr.Network(), info.Addr.String()
	}
	add(network)
	add(address)
	for _, name := range slices.Sorted(info.Metadata.Keys()) {
		values := info.Metadata.Get(name)
		add(name)
		key = binary.AppendUvarint(key, uint64(len(values)))
		for _, value := range values {
			add(value)
		}
	}
	return string(key)
}
