// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
)

// ServerConfig configures a server.
type ServerConfig struct {
	HTTP confighttp.ServerConfig
	// AllowedHosts are the values of the header Host that are accepted, without ports. The header is checked if there are any, or if the
	// server listens on the loopback interface; loopback names are always accepted.
	AllowedHosts []string
}

// DefaultHTTP returns the defaults of the HTTP server. Whoever reaches the endpoint can read everything shown, so that it is on the
// loopback interface by default.
func DefaultHTTP() confighttp.ServerConfig {
	cfg := confighttp.NewDefaultServerConfig()
	cfg.NetAddr.Endpoint = "localhost:8090"
	cfg.ReadTimeout = 10 * time.Second // requests have no bodies
	cfg.ReadHeaderTimeout = 10 * time.Second
	return cfg
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// ValidateHost returns an error if a text is not the name or the address of a host.
func ValidateHost(host string) error {
	_, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	if err != nil && !hostName.MatchString(host) {
		return errors.New("must be the name or the address of a host, without scheme and port, e.g. collector.example.com")
	}
	return nil
}
