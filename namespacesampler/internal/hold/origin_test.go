// SPDX-License-Identifier: Apache-2.0

package hold_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/hold"
)

// identity is what an authenticator knows of a client.
type identity struct{ subject string }

func (i identity) GetAttribute(string) any   { return i.subject }
func (identity) GetAttributeNames() []string { return []string{"subject"} }

func withMetadata(metadata map[string][]string) client.Info {
	return client.Info{Metadata: client.NewMetadata(metadata)}
}

func withAddress(port int) client.Info {
	return client.Info{Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}}
}

func TestSpansLeaveWithTheClientThatTheyCameFrom(t *testing.T) {
	for name, tt := range map[string]struct {
		clients []client.Info
		calls   [][]string
	}{
		"nothing is known": {[]client.Info{nobody, nobody}, [][]string{{"a0", "a1"}}},
		"metadata": {
			[]client.Info{withMetadata(map[string][]string{"tenant": {"x"}}), withMetadata(map[string][]string{"tenant": {"y"}}), withMetadata(map[string][]string{"Tenant": {"x"}})},
			[][]string{{"a0", "a2"}, {"a1"}},
		},
		"metadata that reads alike": {
			[]client.Info{
				withMetadata(map[string][]string{"a": {"b", "c"}}), withMetadata(map[string][]string{"a": {"bc"}}), withMetadata(map[string][]string{"ab": {"c"}}),
				withMetadata(map[string][]string{"a": {"b"}, "c": nil}), withMetadata(map[string][]string{"a": {"b", ""}}), withMetadata(map[string][]string{"a": {"", "b"}}),
			},
			[][]string{{"a0"}, {"a1"}, {"a2"}, {"a3"}, {"a4"}, {"a5"}},
		},
		"addresses":      {[]client.Info{withAddress(1), withAddress(2), withAddress(1), nobody}, [][]string{{"a0", "a2"}, {"a1"}, {"a3"}}},
		"kinds of them":  {[]client.Info{{Addr: &net.TCPAddr{Port: 1}}, {Addr: &net.UDPAddr{Port: 1}}}, [][]string{{"a0"}, {"a1"}}},
		"authentication": {[]client.Info{{Auth: identity{"x"}}, {Auth: identity{"y"}}, nobody}, [][]string{{"a0"}, {"a1"}, {"a2"}}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOutlet(hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans}))
			for i, info := range tt.clients {
				o.put(info, fmt.Sprintf("a%d", i))
			}
			o.decide('a')
			var calls [][]string
			for _, c := range o.taken() {
				calls = append(calls, c.spans)
				for _, name := range c.spans {
					got, want := client.FromContext(c.ctx), tt.clients[name[1]-'0']
					assert.Equal(t, want.Addr, got.Addr)
					assert.Equal(t, want.Auth, got.Auth)
					for key := range want.Metadata.Keys() {
						assert.Equal(t, want.Metadata.Get(key), got.Metadata.Get(key))
					}
				}
			}
			assert.ElementsMatch(t, tt.calls, calls)
		})
	}
}

// More clients than are found again: each span still leaves with its own.
func TestEveryClientOfManyIsRight(t *testing.T) {
	const clients = 2500
	o := newOutlet(hold.NewStore(hold.Config{Wait: wait, MaxSpans: maxSpans}))
	for round := range 2 {
		for port := range clients {
			o.put(withAddress(port), fmt.Sprintf("a%d.%d", port, round))
		}
	}
	o.decide('a')
	spans := 0
	for _, c := range o.taken() {
		for _, name := range c.spans {
			var port, round int
			_, err := fmt.Sscanf(name, "a%d.%d", &port, &round)
			require.NoError(t, err)
			require.Equal(t, port, client.FromContext(c.ctx).Addr.(*net.TCPAddr).Port)
			spans++
		}
	}
	assert.Equal(t, 2*clients, spans)
}
