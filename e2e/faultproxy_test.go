// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// faultProxy simulates network faults between the collector and Postgres.
type faultProxy struct {
	t     testing.TB
	proxy *toxiproxy.Proxy
}

func newFaultProxy(t testing.TB, upstream string) *faultProxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := &faultProxy{t, toxiproxy.NewProxy(server, "postgres", "127.0.0.1:0", upstream)}
	require.NoError(t, p.proxy.Start())
	t.Cleanup(p.proxy.Stop)
	return p
}

// dsn returns the DSN with the proxy's address.
func (p *faultProxy) dsn(dsn string) string {
	p.t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(p.t, err)
	u.Host = p.proxy.Listen
	return u.String()
}

// add adds a toxic, in the JSON of toxiproxy's API.
func (p *faultProxy) add(toxic string) {
	p.t.Helper()
	_, err := p.proxy.Toxics.AddToxicJson(strings.NewReader(toxic))
	require.NoError(p.t, err)
}

// clear removes all toxics.
func (p *faultProxy) clear() { p.proxy.Toxics.ResetToxics(context.Background()) }

// failOver switches to another server and closes the connections to the previous one.
func (p *faultProxy) failOver(upstream string) {
	p.t.Helper()
	require.NoError(p.t, p.proxy.Update(&toxiproxy.Proxy{Listen: p.proxy.Listen, Upstream: upstream, Enabled: true}))
}
