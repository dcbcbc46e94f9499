// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
)

// listen listens at the endpoint of a configuration. A Unix domain socket that a process left behind is replaced.
func listen(ctx context.Context, cfg *confighttp.ServerConfig) (net.Listener, error) {
	listener, err := cfg.ToListener(ctx)
	if errors.Is(err, syscall.EADDRINUSE) && cfg.NetAddr.Transport == confignet.TransportTypeUnix && isStale(ctx, cfg.NetAddr.Endpoint) {
		if err := os.Remove(cfg.NetAddr.Endpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("endpoint: cannot remove the socket that another process left behind: %w", err)
		}
		listener, err = cfg.ToListener(ctx)
	}
	var refused *net.OpError
	switch {
	case errors.As(err, &refused):
		return nil, fmt.Errorf("endpoint: cannot listen at %s (is another program, or another processor, listening there?): %w",
			cfg.NetAddr.Endpoint, err)
	case err != nil:
		return nil, fmt.Errorf("tls: %w", err)
	}
	return listener, nil
}

// isStale reports whether nothing listens at a Unix domain socket.
func isStale(ctx context.Context, path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return false
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
