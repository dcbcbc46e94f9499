// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"fmt"
	"net"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
)

// InspectConfig configures the HTTP server.
type InspectConfig struct {
	confighttp.ServerConfig `mapstructure:",squash"`

	// AllowedHosts are the values of the header Host that are accepted, without ports. The header is checked if this list is not empty, or
	// if the server listens on the loopback interface; loopback names are always accepted.
	AllowedHosts []string `mapstructure:"allowed_hosts"`
}

// validate checks what the collector's own validation of servers does not.
func (c *InspectConfig) validate(f *faults) {
	if _, _, err := net.SplitHostPort(c.NetAddr.Endpoint); err != nil && c.NetAddr.Transport != confignet.TransportTypeUnix {
		f.addf("inspect::endpoint", "must be host:port, e.g. localhost:8090, got %q", c.NetAddr.Endpoint)
	}
	for i, host := range c.AllowedHosts {
		if err := inspect.ValidateHost(host); err != nil {
			f.addf(fmt.Sprintf("inspect::allowed_hosts::%d", i), "%w, got %q", err, host)
		}
	}
}
