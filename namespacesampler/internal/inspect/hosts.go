// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"net"
	"net/netip"
	"strings"
)

// hosts are the names that requests may ask for. Without a check, a web site could have its own name resolve to this server (DNS
// rebinding), and its visitors' browsers would hand over what the server shows.
type hosts struct {
	isChecked bool
	names     map[string]bool
}

// newHosts returns the hosts of a server that listens at an address, which the configuration calls endpoint.
func newHosts(allowed []string, endpoint string, at net.Addr) hosts {
	tcp, ok := at.(*net.TCPAddr)
	onLoopback := ok && tcp.IP.IsLoopback()
	h := hosts{isChecked: onLoopback || len(allowed) > 0, names: map[string]bool{}}
	for _, host := range allowed {
		h.names[hostOf(host)] = true
	}
	if onLoopback {
		h.names[hostOf(endpoint)] = true
	}
	return h
}

// allow reports whether a request may ask for a host, with or without a port.
func (h *hosts) allow(host string) bool {
	if !h.isChecked {
		return true
	}
	name := hostOf(host)
	return name != "" && (h.names[name] || isLoopback(name))
}

func isLoopback(name string) bool {
	address, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && address.Unmap().IsLoopback()
}

// hostOf returns the host of a header or an endpoint in the form in which hosts are compared.
func hostOf(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	} else if bare, ok := strings.CutPrefix(hostport, "["); ok {
		host = strings.TrimSuffix(bare, "]")
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Unmap().WithZone("").String()
	}
	return host
}
