// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"encoding/binary"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/client"
)

// origin is where held spans came from. Spans of one origin leave together.
type origin struct {
	outlet *Outlet
	client client.Info
}

// origins finds the origins of an outlet again, so that the spans of several requests of a client leave together.
type origins struct {
	mu    sync.Mutex
	known map[string]*origin
}

// maxOrigins bounds the origins that are found again, since they come from requests.
const maxOrigins = 1000

func (os *origins) of(o *Outlet, info client.Info) *origin {
	if info.Auth != nil { // cannot be compared
		return &origin{outlet: o, client: info}
	}
	key := keyOf(info)
	os.mu.Lock()
	defer os.mu.Unlock()
	known, ok := os.known[key]
	if !ok {
		if os.known == nil || len(os.known) == maxOrigins {
			os.known = map[string]*origin{}
		}
		known = &origin{outlet: o, client: info}
		os.known[key] = known
	}
	return known
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
